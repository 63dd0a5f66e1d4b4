import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Fault } from './faults.ts'

/**
 * Injects a fault into the trigger that listens on this socket. Resolves when the fault is in effect or armed.
 *
 * @throws Error if the trigger rejects the fault
 */
export function injectFault(socket: string, fault: Fault): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket)
    connection.once('close', () => reject(new Error('the trigger has ended')))
    connection.write(`${JSON.stringify(fault)}\n`)
    const answers = createInterface({ input: connection })
    // `answers` emits the errors of the connection as well.
    for (const emitter of [connection, answers]) emitter.once('error', reject)
    answers.once('line', line => {
      const { error } = JSON.parse(line)
      if (error === undefined) resolve()
      else reject(new Error(error))
      connection.destroy()
    })
  })
}
