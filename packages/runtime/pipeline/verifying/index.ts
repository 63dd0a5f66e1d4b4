/** States compared with the log, for operators. The application imports this room through this file. */
export { computeBeginning } from './comparability.ts'
export type { Difference, Exception } from './differences.ts'
export type { OutputRange } from './expected-emissions.ts'
export { toDifferenceKey, type Verified, verify } from './verify.ts'
