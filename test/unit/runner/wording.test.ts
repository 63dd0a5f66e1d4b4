/** The counter of wording: it finds the habits in comments, messages and page texts, and leaves good English alone. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findingsIn, textsOf } from '../../runner/checks/wording.ts'

/** Returns the habits in a source text. */
function habitsIn(source: string, file = 'lib/some.ts'): string[] {
  return textsOf(file, source)
    .flatMap(findingsIn)
    .map(({ habit }) => habit)
}

const DOCSTRINGS = [
  ['As its producer wrote it, RFC 3339.', 'begins with a preposition'],
  ['What the chunk has made of the state so far; undefined if it has not changed it.', 'begins with "What"'],
  ['Of all records of the topic, from 0 to 1.', 'begins with a preposition'],
  ['What starts a function by itself.', 'begins with "What"'],
  ['What is wrong with the bounds that a process declares.', 'begins with "What"'],
  ['As many as a few chunks of the router have.', 'begins with a preposition'],
  ['Of ranges of the dlq topic; two bits for each offset.', 'begins with a preposition'],
  ['Finds where an event lies that a consumer has told to have emitted.', 'told'],
  ['The attempts since the receiver last answered for good, all of them in vain.', 'idiom'],
  ['Its name in the table of topics.', 'begins with a pronoun'],
] as const

const MESSAGES = [
  ['Of more, one cannot draw a path.', 'begins with a preposition'],
  ['1 if Kafka has told the lag, 0 if it did not', 'told'],
  ['Silence alerts: those that match are not told for a while.', 'told'],
  ['Something stands still; the list says what and why.', 'idiom'],
  ['What is rebuilt is kept: --resume goes on with it.', 'begins with "What"'],
  ['These hold it too, and the erasure does not reach them', 'begins with a pronoun'],
  ['leave entities behind whose key nothing tells', 'told'],
  ['check who is told of alerts', 'told'],
  ['Nobody has taken it', 'person'],
  ['No alert that fits fires or has resolved', 'idiom'],
  ['What was done stands in the audit, with who did it.', 'begins with "What"'],
  ['None holds, and none is to come.', 'is none'],
  ['Processed 100 messages | 1 alerts', 'one of many'],
  ['The address leads nowhere. The overview leads on.', 'idiom'],
  ['given a refusal, then its reason is told, and no secret', 'told'],
] as const

describe('the counter of wording', () => {
  for (const [text, habit] of DOCSTRINGS)
    it(`finds a docstring: ${text}`, () => {
      assert.ok(habitsIn(`/** ${text} */`).includes(habit))
      assert.ok(habitsIn(`/**\n * ${text}\n */`).includes(habit), 'where the text starts on the second line')
    })

  for (const [text, habit] of MESSAGES)
    it(`finds a message: ${text}`, () => {
      assert.ok(habitsIn(`print("${text}")`).includes(habit))
    })

  it('finds a comment of several lines, a comment of a script or a template, and text of a page', () => {
    assert.deepEqual(habitsIn('// Whoever asks while another one waits\n// gets the same answer.'), [
      'person',
    ])
    assert.deepEqual(habitsIn('-- What the state is\nreturn 1', 'a.lua'), ['begins with "What"'])
    assert.deepEqual(habitsIn('# Nobody reads it\nkey: value', 'a.yml'), ['person'])
    assert.deepEqual(habitsIn('  <p>\n    Nobody has taken it\n  </p>', 'a.tsx'), ['person'])
    assert.deepEqual(habitsIn('  <p>Nobody has taken it</p>', 'a.tsx'), ['person'])
  })

  it('finds a tag of a docstring', () => {
    assert.deepEqual(habitsIn('/**\n * Reads a file.\n *\n * @param path what nobody knows\n */'), ['person'])
  })

  const GOOD = [
    '/** In bytes. */',
    '/** In milliseconds since the epoch. */',
    '/** Returns the event time, RFC 3339. */',
    '/** Whether the group has members. */',
    '// The broker answers `What is told`.',
    "print('No matching alerts, firing or resolved.')",
    "print('1 alert, 2 topics')",
    'const told = readTold(whatever)',
  ]
  for (const text of GOOD)
    it(`leaves good English and code alone: ${text}`, () => assert.deepEqual(habitsIn(text), []))
})
