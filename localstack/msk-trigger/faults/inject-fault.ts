import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Fault } from './faults.ts'

/**
 * Injects a fault into a running trigger, for a test in another process. Resolves when the fault is in effect: the
 * group has been joined again after `rebalance`, nothing is in flight or started after `hold`, and the others are armed for
 * the next batch.
 *
 * @param socket the file that `custom.mskTrigger.faults` names.
 * @throws Error if the trigger does not run, or rejects the fault.
 */
export function injectFault(socket: string, fault: Fault): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket)
    connection.once('close', () => reject(new Error('the trigger has ended')))
    connection.write(`${JSON.stringify(fault)}\n`)
    const answers = createInterface({ input: connection })
    // It forwards the connection's errors.
    for (const one of [connection, answers]) one.once('error', reject)
    answers.once('line', line => {
      const { error } = JSON.parse(line)
      if (error === undefined) resolve()
      else reject(new Error(error))
      connection.destroy()
    })
  })
}
