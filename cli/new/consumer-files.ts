/** Initial files of a new consumer. The consumer only counts readings, but it can be run, and its test passes. Pure. */

/** File to write, with its path in the project. */
export interface NewFile {
  readonly file: string
  readonly what: string
  readonly content: string
}

/**
 * Returns the files of a new consumer.
 *
 * @param name name of the consumer: words separated by "-"
 */
export function buildConsumerFiles(name: string): NewFile[] {
  const process = `${toCamelCase(name)}Process`
  return [
    { file: `lib/${name}/process.ts`, what: 'what it decides', content: renderProcess(name, process) },
    {
      file: `test/unit/${name}/process.test.ts`,
      what: 'a test that passes',
      content: renderTest(name, process),
    },
    {
      file: `functions/${name}/handler.ts`,
      what: 'what the cloud calls',
      content: renderHandler(name, process),
    },
  ]
}

/** Returns the consumer's entry among the functions of serverless.yml. */
export function renderEntry(name: string): string {
  return `  ${name}:
    handler: functions/${name}/handler.handler
    description: Counts the readings of each entity
    consumes: readings
    uses: [redis]
`
}

function renderProcess(name: string, process: string): string {
  return `/** Counts the readings of each entity. */
import { defineProcess } from '#runtime/consumer'
import type { Families } from '../telemetry/families.ts'

export const ${process} = (families: Families) =>
  defineProcess<{ readonly count: number }>('${name}', {
    accepts: families.readingTypes,
    onEvent: state => ({ count: (state?.count ?? 0) + 1 }),
  })
`
}

function renderTest(name: string, process: string): string {
  return `import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formatEntity } from '#runtime/consumer'
import { ${process} } from '../../../lib/${name}/process.ts'
import { FAMILIES } from '../../support/families.ts'
import { Kit } from '../../support/kit.ts'
import { environmentReading as reading } from '../../support/records.ts'

it('given two readings of a sensor, then both are counted', async () => {
  const kit = new Kit(${process}(FAMILIES))
  const event = reading('a', { at: 0 })
  await kit.when(event, reading('b', { at: 60 }))
  assert.deepEqual(await kit.state(formatEntity(event)), { count: 2 })
})
`
}

function renderHandler(name: string, process: string): string {
  const imports = [
    `import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'`,
    `import { ${process} } from '../../lib/${name}/process.ts'`,
  ]
  // Imports are sorted by folder, as the formatter requires.
  if (name < 'app') imports.reverse()
  return `/** Counts the readings of each entity. */
${imports.join('\n')}

export const handler = kafkaConsumer('${name}', ({ families }) => ${process}(families))
`
}

function toCamelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, first: string) => first.toUpperCase())
}
