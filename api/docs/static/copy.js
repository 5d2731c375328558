// Give each block of code, but no output, a button that copies it. Without scripts, or without a clipboard, there are no buttons.
for (const block of navigator.clipboard ? document.querySelectorAll("main pre:not(:has(.language-text))") : []) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.textContent);
    button.textContent = "Copied";
  });
  const around = document.createElement("div");
  around.className = "copied";
  block.before(around);
  around.append(block, button);
}
