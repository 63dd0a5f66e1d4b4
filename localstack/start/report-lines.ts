import type { Report } from '../../packages/msk-trigger/report/reports.ts'

/** What is said of a broken line. */
export const BROKEN_REPORT =
  'a report of the trigger is broken off and left out, as after a full disk: what it was about may be missing above'

/**
 * Reads a line of the trigger's reports. When its disk was full, it leaves the beginning of a report, and ends that line before
 * the next one.
 */
export function readReport(line: string): Report | 'broken' | 'empty' {
  if (line === '') return 'empty'
  try {
    return JSON.parse(line) as Report
  } catch {
    return 'broken'
  }
}
