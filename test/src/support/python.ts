import { neededProgram } from './programs.js';

const HOW_TO_GET_THEM =
  'schemathesis was not found. .ci/run makes a Python environment with it; or: pip install schemathesis requests';

/** https://schemathesis.readthedocs.io */
export const schemathesis = neededProgram('schemathesis', 'ROLLCALL_TEST_SCHEMATHESIS', HOW_TO_GET_THEM);

/** A Python that has requests. */
export const python = neededProgram('rollcall-python', 'ROLLCALL_TEST_PYTHON', HOW_TO_GET_THEM);
