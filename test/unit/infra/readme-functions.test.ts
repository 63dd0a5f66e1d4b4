import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readFunctions } from '../../../infra/functions.ts'

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
/** A row of the table of functions: its name with a link to its handler, its trigger, what it does, what it emits. */
const ROW = /^\| \[([\w-]+)\]\(functions\/\1\/handler\.ts\) \|([^|]*)\|[^|]*\|([^|]*)\|$/gm

/** The table may leave functions out, so that a new one needs no row. */
describe('what the README says of a function', () => {
  const functions = readFunctions()
  const rows = [...README.matchAll(ROW)]

  it('is looked at: there are rows', () => assert.ok(rows.length > 0))

  for (const [, name = '', trigger = '', emitted = ''] of rows)
    it(`given ${name}, then trigger and topics are those of its entry`, () => {
      const declared = functions.find(one => one.name === name)
      assert.ok(declared, `serverless.yml has no function ${name}`)
      const { consumes, emits, schedule } = declared
      const every = schedule && `every ${schedule.expression.replace(/^rate\((1 )?(.*)\)$/, '$2')}`
      for (const word of [...consumes, ...(every ? [every] : [])]) assert.ok(trigger.includes(word), word)
      for (const signal of emits) assert.ok(emitted.includes(signal), signal)
      if (emits.length === 0) assert.equal(emitted.trim(), '')
    })
})
