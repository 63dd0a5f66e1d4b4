import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listInputTypes } from '../../../lib/intake/input.ts'
import { readInputs } from '../../../lib/intake/parse-inputs.ts'
import { goldenAnswers, listErrorLines } from '../../support/golden.ts'

/** Returns the only input of a file with these lines. */
function parseInput(lines: string) {
  const [input, ...more] = readInputs(
    `inputs:\n  - topic: t\n    ${lines.replaceAll('\n', '\n    ')}\n`,
    'f',
    'test',
  )
  assert.deepEqual(more, [])
  return input
}

const path = (name: string, steps = [name]) => ({ name, steps })
const as = (more: string) => `to: events\nas: { type: a.b, subject: s, time: record${more} }`
const AS = { type: 'a.b', source: '/inputs/t', subject: 's', times: ['record'] }

describe('the file of inputs', () => {
  it('given files with errors, then each error is named with line and column', () =>
    goldenAnswers('inputs', text => listErrorLines(() => readInputs(`${text}\n`, 'inputs.yaml', 'test'))))

  it('given no content, or no inputs, then there are none', () => {
    for (const text of ['', '# nothing\n', 'inputs: []\n'])
      assert.deepEqual(readInputs(text, 'f', 'test'), [])
  })

  // biome-ignore format: a table
  for (const [given, lines, input] of [
    ['only a topic', '', { topic: 't' }],
    ['mappings', 'to: readings\nmappings: [b, a]', { topic: 't', mappings: ['b', 'a'] }],
    ['an event with the least', as(''), { topic: 't', as: AS }],
    ['a source', as(', source: /s'), { topic: 't', as: { ...AS, source: '/s' } }],
    ['texts', as(', texts: [a.b, c]'), { topic: 't', as: { ...AS, texts: [['a', 'b'], ['c']] } }],
    ['a schema', as(', schema: s/o.json'), { topic: 't', as: { ...AS, schema: 's/o.json' } }],
    ['one field as id', as(', id: a.b'), { topic: 't', as: { ...AS, id: ['a.b'] } }],
    ['fields as id', as(', id: [a, b]'), { topic: 't', as: { ...AS, id: ['a', 'b'] } }],
    ['a field as time', as('').replace('record', 'x.y'), { topic: 't', as: { ...AS, times: [{ from: [path('x.y', ['x', 'y'])] }] } }],
    ['a time with its zone', as('').replace('record', '{ from: x, timeZone: Europe/Berlin, epoch: s }'), { topic: 't', as: { ...AS, times: [{ from: [path('x')], timeZone: 'Europe/Berlin', epoch: 's' }] } }],
  ] as const)
    it(`given ${given}, then the input has it, and nothing else`, () =>
      assert.deepEqual(parseInput(lines), input))

  it('given a list and the environment in a name, then each topic is an input with all keys of its entry', () => {
    const text = `inputs:\n  - topic: gds.{mysql,postgresql}.{env}\n    mappings: [a]\n  - topic: '{x,y}'\n    ${as('').replace('\n', '\n    ')}`
    assert.deepEqual(
      readInputs(text, 'f', 'prod').map(({ topic, mappings, as }) => [topic, mappings ?? as?.source]),
      [
        ['gds.mysql.prod', ['a']],
        ['gds.postgresql.prod', ['a']],
        ['x', '/inputs/x'],
        ['y', '/inputs/y'],
      ],
    )
  })

  it('given inputs that bring the same type, then the type is listed once', () => {
    const text = ['a', 'b'].map(topic => `  - topic: ${topic}\n    ${as('').replace('\n', '\n    ')}`)
    assert.deepEqual(listInputTypes(readInputs(`inputs:\n${text.join('\n')}\n  - topic: c\n`, 'f', 'test')), [
      'a.b',
    ])
  })
})
