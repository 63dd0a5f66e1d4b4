import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { declaredFunctions, readFunctions } from '../../../lib/app/functions.ts'
import { announceResponseType, readMappings, readSettings } from '../../../packages/msk-trigger/engine.ts'
import { chooseFunctions } from '../../../runner/functions.ts'
import { definitionsOf } from '../../../runner/place.ts'

const ON = { generator: true, clock: true, checkpoints: true }
const ENTRY = { handler: 'functions/x/handler.handler', timeoutSeconds: 60, memoryMb: 512 }

describe('the functions of a process', () => {
  const chosen = (environment: object, schedules = ON) =>
    chooseFunctions(readFunctions(), { names: [], environment: { ...environment }, schedules })

  it('given all that some of them need, then only what is for Lambda alone is left out', () => {
    const { leftOut, unknown } = chosen({
      ALERTS_TOPIC_ARN: 'arn:x',
      CHECKPOINT_BUCKET: 'b',
      HISTORY_BUCKET: 'b',
    })
    const names = leftOut.map(({ name }) => name)
    assert.ok(names.includes('console') && names.includes('on-failure'))
    // Such as what CloudFormation calls when a stack is deployed.
    for (const { name, consumes, schedule } of readFunctions().filter(({ name }) => names.includes(name)))
      assert.deepEqual([consumes, schedule], [[], undefined], name)
    assert.deepEqual(unknown, [])
  })

  it('given nothing of it, then what needs it is left out as well, and says what it needs', () => {
    const why = Object.fromEntries(
      chosen({ CHECKPOINT_BUCKET: ' ' }).leftOut.map(({ name, why }) => [name, why]),
    )
    assert.equal(why.deliver, 'ALERTS_TOPIC_ARN is not set')
    assert.equal(why.checkpoints, 'CHECKPOINT_BUCKET is not set')
  })

  it('given no schedules, then consumers alone remain', () => {
    const none = { generator: false, clock: false, checkpoints: false }
    const names = chosen({ ALERTS_TOPIC_ARN: 'arn:x' }, none).chosen
    assert.ok(names.length > 5)
    assert.ok(names.every(({ consumes }) => consumes.length > 0))
  })

  const named = (names: readonly string[], environment: object) => {
    const schedules = { ...ON, generator: false }
    const found = chooseFunctions(readFunctions(), { names, environment: { ...environment }, schedules })
    const namesOf = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)
    const { leftOut, refused } = found
    return { chosen: namesOf(found.chosen), leftOut: namesOf(leftOut), refused: namesOf(refused) }
  }
  const off = { SLUICE_GENERATOR: 'off' }

  it('given the generator by name beside others, when it is switched off, then it is left out', () => {
    const found = named(['generator', 'clock'], off)
    assert.deepEqual(found, { chosen: ['clock'], leftOut: ['generator'], refused: [] })
  })

  for (const [what, names, environment] of [
    ['nothing says whether it runs', ['generator', 'clock'], {}],
    ['nothing else is asked for', ['generator'], off],
  ] as const)
    it(`given the generator by name, when ${what}, then it is refused`, () => {
      assert.deepEqual(named(names, environment).refused, ['generator'])
    })
})

describe('what entries become in a process', () => {
  const all = declaredFunctions({
    frost: {
      consumes: 'readings',
      uses: ['redis', 'rules'],
      batchSize: 7,
      maximumBatchingWindow: 2,
    },
    clock: { schedule: 'rate(1 minute)', emits: ['readings'] },
  })
  const definitions = definitionsOf(
    all,
    all,
    { env: 'lab', environment: { KAFKA_BROKERS: 'a:1', RULES_DIR: 'own' }, files: '/app', schedules: ON },
    () => ENTRY,
  )

  it('then a consumer reads its topics with the batches and the group of the cloud, and its answer counts', () => {
    announceResponseType(definitions, { warning: assert.fail })
    const settings = readSettings({ brokers: ['a:1'] }, {})
    const mappings = readMappings(
      definitions,
      { service: 'sluice', stage: 'lab', region: 'us-east-1' },
      settings,
    )
    assert.deepEqual(
      mappings.map(({ topic, groupId, batchSize, windowMs, reportsFailures, maximumRetryAttempts }) => ({
        topic,
        groupId,
        batchSize,
        windowMs,
        reportsFailures,
        maximumRetryAttempts,
      })),
      [
        {
          topic: 'sluice.telemetry.readings.lab',
          groupId: 'sluice-frost-lab',
          batchSize: 7,
          windowMs: 2_000,
          reportsFailures: true,
          maximumRetryAttempts: -1,
        },
      ],
    )
    assert.equal(definitions.frost?.environment.REPORT_BATCH_ITEM_FAILURES, 'true')
  })

  it('then each sees the variables of the process and its own', () => {
    const { environment } = definitions.frost ?? {}
    assert.equal(environment?.KAFKA_BROKERS, 'a:1')
    assert.equal(environment?.SLUICE_ENV, 'lab')
    assert.equal(environment?.RULES_DIR, '/app/own')
    assert.equal(definitions.clock?.environment.RULES_DIR, 'own')
  })
})
