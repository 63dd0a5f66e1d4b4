/** The list of functions, as the doctor has to know it. */
import { readFunctions } from '../../infra/functions.ts'
import { functionTimeouts } from '../../infra/timeouts.ts'
import type { ExaminedFunction } from '../../lib/diagnosis/consumers.ts'

export function examinedFunctions(): ExaminedFunction[] {
  const timeouts = functionTimeouts()
  return readFunctions().map(({ name, consumes, writes, reading }) => {
    return { name, consumes, writes, reading, timeoutMs: timeouts.get(name) ?? 0 }
  })
}
