import { closeSync, openSync, rmSync } from 'node:fs'
import { ConfigurationError } from '../support/serverless.ts'

/** Interval between two looks at the event sources, in milliseconds. */
const LOOK_EVERY_MS = 1_000

/** Keeps a file in place as long as the functions read, so that the health check of a container only looks whether it exists. */
export class HealthFile {
  readonly #file: string
  readonly #isHealthy: () => boolean
  #timer: NodeJS.Timeout | undefined
  #exists = false

  /** @throws ConfigurationError if the file cannot be written. Removes a file that an earlier process has left. */
  constructor(file: string, isHealthy: () => boolean) {
    this.#file = file
    this.#isHealthy = isHealthy
    try {
      this.#write()
      this.#remove()
    } catch (error) {
      throw new ConfigurationError(`the health file ${file} cannot be written: ${(error as Error).message}`)
    }
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref()
  }

  /** Creates or removes the file if the event sources have changed. Failures are tried again with the next look. */
  look(): void {
    if (this.#isHealthy() === this.#exists) return
    try {
      if (this.#exists) this.#remove()
      else this.#write()
    } catch {}
  }

  close(): void {
    clearInterval(this.#timer)
    this.#remove()
  }

  #write(): void {
    closeSync(openSync(this.#file, 'w'))
    this.#exists = true
  }

  #remove(): void {
    rmSync(this.#file, { force: true })
    this.#exists = false
  }
}
