/** Reads the records of a file in any of the formats that `mappings try` supports. */
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import { readDocuments } from '../../lib/operations/import/rows.ts'
import { recordIn, type TriedRecord } from '../../lib/operations/import/trial.ts'
import { documentsIn } from '../publish/documents.ts'

/** A record with its line number. It is the record's first line or, in a CSV file, its last line. */
type Numbered = { readonly line: number; readonly record: TriedRecord }

/** Returns the records of a file. A text that begins with a bracket is parsed as JSON, unless the file name ends in `.csv`. */
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
