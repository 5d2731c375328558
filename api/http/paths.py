"""Paths that several stages serve operations under."""

PROGRAMME_PATH = "/programmes/{programme:str}"
RETURN_PATH = (
    f"{PROGRAMME_PATH}/returns/{{organisation:str}}/{{measure:str}}/{{series:str}}/{{service:str}}/{{period:str}}"
)
