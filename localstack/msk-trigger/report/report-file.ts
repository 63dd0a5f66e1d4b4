import { appendFileSync } from 'node:fs'
import { ConfigurationError, type Log } from '../support/framework.ts'
import type { WriteReport } from './reports.ts'

/**
 * Appends reports to a file, for a program that runs the trigger and monitors its consumers without reading its log.
 * If the file can no longer be written later, reports are dropped until it can, and the log says both. The file then has the
 * beginning of a line, or an empty one, before the next report.
 *
 * @throws ConfigurationError if the file cannot be written now
 */
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
