"""A partner's program in TypeScript: types from the contract, compiled strictly, run against the server."""

import shutil

from tests.fixtures.node_tools import FOLDER, MODULES, run_node
from tests.fixtures.server_process import ROOT, run_server


def test_program_compiles_strictly_and_submits(tmp_path):
    for name in ("submit.ts", "tsconfig.json", "package.json"):
        shutil.copy(FOLDER / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    types = tmp_path / "contract.d.ts"
    done = run_node(MODULES / "openapi-typescript" / "bin" / "cli.js", ROOT / "openapi.yaml", "-o", types)
    assert done.returncode == 0, done.stderr
    done = run_node(MODULES / "typescript" / "bin" / "tsc", "-p", tmp_path, "--outDir", tmp_path / "out")
    assert done.returncode == 0, done.stdout
    with run_server() as server:
        done = run_node(tmp_path / "out" / "submit.js", WORK_HEALTH_URL=server.address, WORK_HEALTH_KEY=server.key)
    assert (done.returncode, done.stdout, done.stderr) == (0, "accepted unchanged unreadable-field\n", "")
