import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { COMMANDS, missingLine, stepsOf } from '../../support/walkthrough.ts'

const PAGE = readFileSync(join(PROJECT, 'docs/tutorial.md'), 'utf8')
const MOST_WORDS = 2_000

describe('the tutorial', () => {
  it(`has at most ${MOST_WORDS} words, with its code, as wc -w counts`, () => {
    assert.ok(PAGE.trim().split(/\s+/).length <= MOST_WORDS)
  })

  it('given its blocks, then each output follows commands, and each terminal shows something', () => {
    const steps = stepsOf(PAGE)
    const started = new Set<string>()
    for (const step of steps) {
      if (step.kind === 'commands') started.add(step.terminal)
      if (step.kind === 'output') assert.ok(started.has(step.terminal), step.lines.join('\n'))
    }
    assert.deepEqual([...started].sort(), [COMMANDS, 'terminal-1', 'terminal-2'])
  })
})

describe('an output that a page shows', () => {
  const output = 'AT   CODE\n1@6  not-a-cloudevent\nSent 3 records, in 0.2 s\n'

  it('given its lines with other spaces, and an ellipsis for the rest, then nothing is missing', () => {
    assert.equal(missingLine(['AT  CODE', '… not-a-cloudevent', 'Sent 3 records, in …'], output), undefined)
  })

  it('given a line that is missing, or in another order, then it is named', () => {
    assert.equal(missingLine(['Sent 4 records'], output), 'Sent 4 records')
    assert.equal(missingLine(['Sent 3 records', 'AT CODE'], output), 'AT CODE')
    assert.equal(missingLine(['AT … Sent'], output), 'AT … Sent')
  })
})
