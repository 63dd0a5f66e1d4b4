import { loadReceivers, ReceiversFileError } from '../../lib/notification/adapters/receivers-file.ts'
import { faultLine, InvalidReceivers } from '../../lib/notification/receivers-file.ts'

/**
 * Every fault of the receivers of notifications, with file and line.
 *
 * @param file an absolute path
 * @param shown how messages name it
 */
export async function receiversProblems(file: string, shown: string): Promise<string[]> {
  try {
    await loadReceivers(file, shown)
    return []
  } catch (error) {
    if (error instanceof InvalidReceivers) return error.faults.map(faultLine)
    if (error instanceof ReceiversFileError) return [`RECEIVERS_FILE: ${error.message}`]
    throw error
  }
}
