/** The records of a file, in any of the forms that `mappings try` reads. */
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import { readDocuments } from '../../lib/operations/import/rows.ts'
import { recordIn, type TriedRecord } from '../../lib/operations/import/trial.ts'
import { documentsIn } from '../publish/documents.ts'

/** A record, and the line where it begins; of a CSV file, the line where it ends. */
type Numbered = { readonly line: number; readonly record: TriedRecord }

/** JSON begins with a bracket, unless the name says that the file is CSV. */
export async function recordsIn(file: string, text: string): Promise<Numbered[]> {
  if (text.trim() === '') return []
  const isCsv = extname(file).toLowerCase() === '.csv' || !/^[\s\ufeff]*[[{]/.test(text)
  if (!isCsv)
    return documentsIn(text).map(({ line, text: own }) => ({ line, record: recordIn(own, [file, line]) }))
  const records: Numbered[] = []
  for await (const { line, ...row } of readDocuments(Readable.from([text])))
    records.push({ line, record: 'error' in row ? row : { ...row, position: [file, line] } })
  return records
}
