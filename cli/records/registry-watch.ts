/** Reports that records could not be read because the schema registry does not answer. */
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { Failure } from '../../packages/runtime/consumer/failure-codes.ts'
import { CliFailure } from '../failure.ts'

export class RegistryWatch {
  readonly #stderr: { write(text: string): unknown }
  #unread = 0

  constructor({ stderr }: { readonly stderr: { write(text: string): unknown } }) {
    this.#stderr = stderr
  }

  /** Checks whether a record could be read. The first unreadable record is reported; further ones are only counted. */
  see(read: Event | Failure): void {
    if (!isFailure(read) || read.code !== 'registry-unavailable') return
    if (this.#unread === 0) this.#stderr.write(`Some records cannot be read: ${read.message}\n`)
    this.#unread += 1
  }

  /** Checks that all records could be read. @throws CliFailure if a record could not be read */
  requireAllRead(): void {
    if (this.#unread === 0) return
    const records = this.#unread === 1 ? '1 record' : `${this.#unread} records`
    throw new CliFailure(`${records} could not be read, because the schema registry does not answer.`)
  }
}
