import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { copyProject } from '../support/project-copy.ts'
import { PROD, refusal } from './refusal.ts'

const WRONG_ENTRIES = `
  mistyped:
    handler: functions/mistyped/handler.handler
    consume: readings
    emits: [event]
    uses: [redsi]
    schedule: { rate: rate(1 minute), if: clok }
    batchSize: 0
`

it('given entries with typing errors, then each is named, with what could stand there', async () => {
  const copy = await copyProject('refusals')
  try {
    const file = join(copy, 'serverless.yml')
    const yaml = await readFile(file, 'utf8')
    await writeFile(file, `${yaml}${WRONG_ENTRIES}`)
    const said = await refusal(['package', ...PROD], {}, copy)
    const problems = said.split('\n').filter(line => line.includes(' at '))
    assert.deepEqual(
      problems.map(line => line.trim().replace(/ \[.*\]$/, '')),
      [
        "at 'functions.mistyped': unrecognized property 'consume'",
        "at 'functions.mistyped.emits.0': must be equal to one of the allowed values",
        "at 'functions.mistyped.uses.0': must be equal to one of the allowed values",
        "at 'functions.mistyped.schedule.if': must be equal to one of the allowed values",
        "at 'functions.mistyped.batchSize': must be >= 1",
      ],
    )
    assert.match(
      said,
      /functions\.mistyped\.uses.*\[parameter, redis, registry, storage, history-appending, rules, inputs, views, notifications, [^\]]+\]/,
    )
    const apart = '\n  mistyped:\n    handler: functions/mistyped/handler.handler\n    batchSize: 3\n'
    await writeFile(file, `${yaml}${apart}`)
    const [refused, ...more] = (await refusal(['package', ...PROD], {}, copy)).split('\n')
    assert.equal(
      refused,
      'functions.mistyped of serverless.yml: batchSize configures the reading of topics, but consumes is missing.',
    )
    assert.deepEqual(more, [])
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
})
