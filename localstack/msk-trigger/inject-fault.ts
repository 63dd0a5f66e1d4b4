import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Fault } from './faults.ts'

/**
 * Asks a running trigger for a fault, for a test in another process. Resolves when the fault is there: the group has
 * been joined again after `rebalance`, nothing more is begun after `hold`, and the others strike the next batch.
 *
 * @param socket the file that `custom.mskTrigger.faults` names.
 * @throws Error when the trigger does not run, or refuses the fault.
 */
export function injectFault(socket: string, fault: Fault): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket)
    connection.once('close', () => reject(new Error('the trigger has ended')))
    connection.write(`${JSON.stringify(fault)}\n`)
    const answers = createInterface({ input: connection })
    // It passes the connection's errors on.
    for (const one of [connection, answers]) one.once('error', reject)
    answers.once('line', line => {
      const { error } = JSON.parse(line)
      if (error === undefined) resolve()
      else reject(new Error(error))
      connection.destroy()
    })
  })
}
