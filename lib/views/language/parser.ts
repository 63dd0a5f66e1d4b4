/**
 * Parser of statements. Its grammar is a text that peggy compiles when the first statement is read. Only the command line and the
 * programs import this file: functions run the compiled plan.
 */
import { readFileSync } from 'node:fs'
import peggy, { type Parser } from 'peggy'
import { similarNames } from '../../support/suggestion.ts'
import { compileStep, StatementError } from './statement-error.ts'
import type { Parse, Position, Statement } from './syntax.ts'

const MAX_CHARACTERS = 100_000

let parser: Parser | undefined

/** Reads the statements of a text. @throws StatementError for a text that is not SQL, or not supported */
export const parse: Parse = text => compileStep({ line: 1, column: 1 }, () => parseText(text))

function parseText(text: string): readonly Statement[] {
  if (text.length > MAX_CHARACTERS)
    throw new StatementError(`the text has more than ${MAX_CHARACTERS} characters`, { line: 1, column: 1 })
  parser ??= peggy.generate(readFileSync(new URL('grammar.peggy', import.meta.url), 'utf8'))
  try {
    return parser.parse(text, { refuse }) as readonly Statement[]
  } catch (error) {
    if (error instanceof RangeError)
      throw new StatementError('the expression is nested too deeply', { line: 1, column: 1 })
    throw error instanceof parser.SyntaxError ? syntaxError(error, text) : error
  }
}

function refuse(problem: string, at: Position, nearest?: string): never {
  throw new StatementError(problem, at, nearest)
}

type SyntaxFault = InstanceType<Parser['SyntaxError']>

function syntaxError({ expected, location: { start } }: SyntaxFault, text: string): StatementError {
  const described = (expected ?? []).flatMap(expectation => {
    if (expectation.type === 'literal') return expectation.text === '' ? [] : [expectation.text.toUpperCase()]
    if (expectation.type === 'other')
      return expectation.description === '' ? [] : [`a ${expectation.description}`]
    return expectation.type === 'end' ? ['the end'] : []
  })
  const all = [...new Set(described)].toSorted()
  const [word] = /^(?:\w+|\S)/.exec(text.slice(start.offset)) ?? []
  const found = word === undefined ? 'the end of the text' : word
  const keywords = all.filter(token => /^[A-Z]+$/.test(token))
  const [similar] = word === undefined ? [] : similarNames(word, keywords)
  const shown = all.length > 12 ? [...all.slice(0, 12), '…'] : all
  const problem = `expected ${shown.join(', ')}, but found ${found}`
  return new StatementError(problem, start, similar ?? formAt(text.slice(0, start.offset)))
}

/** Forms of the clauses, by the keyword that begins them. */
const FORMS: Readonly<Record<string, string>> = {
  STREAM: "CREATE STREAM name (column VARCHAR, …) WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');",
  TABLE: 'CREATE TABLE name AS SELECT column, COUNT(*) AS count FROM stream GROUP BY column;',
  WITH: "WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON')",
  SELECT: "SELECT column, other FROM table WHERE column = 'value';",
  WINDOW: 'WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 10 SECONDS)',
  WHERE: "WHERE column = 'value' AND other > 1",
  GROUP: 'GROUP BY column',
  HAVING: 'HAVING COUNT(*) > 1',
  CASE: 'CASE WHEN condition THEN value ELSE value END',
  CAST: 'CAST(value AS DOUBLE)',
  EMIT: 'EMIT CHANGES',
  '': 'CREATE STREAM …, CREATE TABLE … AS SELECT …, SELECT … FROM table, SHOW TABLES, DESCRIBE table, or DROP TABLE table',
}

/** Returns the form of the clause that a text ends with. */
function formAt(before: string): string | undefined {
  const statement = before.slice(before.lastIndexOf(';') + 1)
  const keyword = statement
    .match(new RegExp(`\\b(?:${Object.keys(FORMS).filter(Boolean).join('|')})\\b`, 'gi'))
    ?.at(-1)
    ?.toUpperCase()
  // A question has no groups.
  const ofTable = /\bCREATE\b/i.test(statement) ? /^SELECT$/ : /^(?:WINDOW|GROUP|HAVING)$/
  return FORMS[keyword && ofTable.test(keyword) ? 'TABLE' : (keyword ?? '')]
}
