import { appendFileSync } from 'node:fs'
import { ConfigurationError, type Log } from '../support/framework.ts'
import type { WriteReport } from './reports.ts'

/** Appends reports to a file. While it cannot be written they are dropped, which is logged. @throws ConfigurationError if it cannot now */
export function writeReportsTo(file: string | undefined, log: Pick<Log, 'notice' | 'warning'>): WriteReport {
  if (file === undefined) return () => {}
  try {
    appendFileSync(file, '')
  } catch (error) {
    throw new ConfigurationError(`reports cannot be written to ${file}: ${(error as Error).message}`)
  }
  let dropped = 0
  return line => {
    try {
      // Part of a line may have been written before the disk was full.
      appendFileSync(file, dropped > 0 ? `\n${line}\n` : `${line}\n`)
    } catch (error) {
      const reason = (error as Error).message
      if (dropped === 0)
        log.warning(`msk  reports cannot be written to ${file}, and are dropped until they can: ${reason}`)
      dropped += 1
      return
    }
    if (dropped > 0) log.notice(`msk  reports are written to ${file} again; ${dropped} of them were dropped`)
    dropped = 0
  }
}
