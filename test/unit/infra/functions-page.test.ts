import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { readEntries, readFunctions } from '../../../control/environment/function-entries.ts'

/** Lambda gives a function of this memory one processor. */
const ONE_PROCESSOR_MB = 1_769
const PAGE = readFileSync(new URL('../../../docs/functions.md', import.meta.url), 'utf8')

// Promise docs/functions.md#memory-and-time | The table has what serverless.yml gives, and its arithmetic holds.
it('given its figures, then it has what serverless.yml gives, and its arithmetic holds', () => {
  const entryOf = readEntries()
  const functions = readFunctions().map(({ name }) => ({ name, ...entryOf(name) }))
  const [, memory = ''] = /^All functions have (.*?):/m.exec(PAGE) ?? []
  assert.deepEqual(
    functions
      .filter(value => value.memoryMb !== 512)
      .map(({ name, memoryMb }) => `\`${name}\` (${memoryMb.toLocaleString('en')})`),
    memory.match(/`\w+` \([\d,]+\)/g),
  )
  const [, timeouts = ''] = /The timeout is 60 s; (.*?) s\./.exec(PAGE) ?? []
  const named = timeouts.split(/ s,? (?:and )?|,? and (?=`\w+` \d)/).flatMap(text => {
    const seconds = Number(/\d+/.exec(text)?.[0])
    return (text.match(/(?<=`)[a-z-]+(?=`)/g) ?? []).map(name => ({ name, seconds }))
  })
  const byName = (all: readonly { name: string; seconds: number }[]) =>
    all.toSorted((a, b) => a.name.localeCompare(b.name))
  const wanted = functions
    .filter(value => value.timeoutSeconds !== 60)
    .map(({ name, timeoutSeconds }) => ({ name, seconds: timeoutSeconds }))
  assert.deepEqual(byName(named), byName(wanted))

  const rows = PAGE.split('\n').filter(line => line.startsWith('| `') && line.split('|').length === 6)
  assert.ok(rows.length >= 7)
  for (const row of rows) {
    const [, , next, took, peak] = row.split('|').map(cell => cell.trim())
    // Both were rounded.
    assert.ok(Math.abs(Number(took) - (Number(next) * ONE_PROCESSOR_MB) / 512) < 3, row)
    assert.ok(Number(peak) * 1.048_576 <= 512 * 0.75, row)
  }
})
