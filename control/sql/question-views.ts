/** Views with the answers to questions, for SQL queries that name them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ColumnType, ParquetFile } from '../../lib/history/index.ts'
import { ALL_QUESTIONS, type QuestionWords } from '../questions/all.ts'
import type { QuestionColumn } from '../questions/column.ts'
import type { Environment } from '../questions/environment.ts'
import { type Fields, readFilter } from '../questions/field.ts'
import { ask, type Limits, type Question } from '../questions/question.ts'
import { quoteLiteral } from './views.ts'

/** Question of each view. */
const QUESTIONS = {
  open_dead_letters: 'dlq list',
  topics: 'topics list',
  groups: 'groups list',
  silences: 'silence list',
} as const satisfies Readonly<Record<string, QuestionWords>>

type ViewName = keyof typeof QUESTIONS

/** Words of statements behind which a name is that of a view. */
const SOURCE = /(?:\b(?:FROM|JOIN|DESCRIBE)\b|,)\s*"?(\w+)/gi

/** Returns the views of questions that statements may read. Pure. */
export function findQuestionViews(statements: string): readonly ViewName[] {
  const names = Array.from(statements.matchAll(SOURCE), ([, name = '']) => name.toLowerCase())
  return (Object.keys(QUESTIONS) as ViewName[]).filter(view => names.includes(view))
}

/**
 * Asks the questions whose views statements name, and yields the SQL that creates each view.
 *
 * @param folder folder for the rows, which the database can read
 * @param notice receives the notes of the answers
 * @throws the errors of the questions
 */
export async function* createQuestionViews(
  environment: Environment,
  statements: string,
  limits: Limits,
  folder: string,
  notice: (sentence: string) => void,
): AsyncGenerator<string> {
  for (const view of findQuestionViews(statements)) {
    const question = await ALL_QUESTIONS[QUESTIONS[view]].load()
    const { file, notes } = await question.visit(question => askIntoFile(question, environment, limits))
    for (const note of notes) notice(note)
    const path = join(folder, `${view}.parquet`)
    await writeFile(path, file.end())
    yield `CREATE VIEW ${view} AS SELECT * FROM read_parquet(${quoteLiteral(path)}, hive_partitioning = false)`
  }
}

/** Asks a question, without conditions. Returns the rows as a file, and the notes of the answer. */
async function askIntoFile<Of extends Fields, Row, Lists>(
  question: Question<Of, Row, Lists>,
  environment: Environment,
  limits: Limits,
) {
  const { filter } = readFilter(question.filter, {})
  const { rows, notes } = await ask(question, environment, filter, limits)
  const columns = listViewColumns(question.columns)
  const values = columns.map(({ name, of, type }) => [name, rows.map(row => toValue(row[of], type))] as const)
  const file = new ParquetFile(columns)
  file.append(Object.fromEntries(values), rows.length)
  return { file, notes }
}

const TYPES: Partial<Record<QuestionColumn['type'], ColumnType>> = {
  ...{ time: 'TIMESTAMP', list: 'JSON', numbers: 'JSON' },
  ...{ count: 'INT64', bytes: 'INT64', share: 'DOUBLE', seconds: 'DOUBLE' },
}

/** Returns the columns of a view: each shown member once, in snake_case. Pure. */
export function listViewColumns<Member extends string>(columns: readonly QuestionColumn<Member>[]) {
  const members = new Map(columns.map(({ of, type }) => [of, TYPES[type] ?? 'STRING']))
  return Array.from(members, ([of, type]) => {
    return { of, name: of.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`), type }
  })
}

function toValue(value: unknown, type: ColumnType): string | number | null {
  if (value === null) return null
  if (type === 'TIMESTAMP') return Date.parse(String(value))
  if (type === 'JSON') return JSON.stringify(value)
  return type === 'STRING' ? String(value) : Number(value)
}
