/** What is in force is the newest activation that all partitions have, whatever Redis says. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFailure, readEvent } from '#runtime/cloudevents'
import { activatePlan } from '../../../control/table-builds/activate.ts'
import { resolveSignals } from '../../../lib/app/naming/topic-table.ts'
import { appendActivation, findActivations, newestComplete } from '../../../lib/clock/activations.ts'
import { activateViews, applyingName } from '../../../lib/clock/view-plan.ts'
import { VIEWS_ACTIVATED_TYPE } from '../../../lib/views/event-names.ts'
import type { ActivatedPlan, ViewPlan } from '../../../lib/views/plan.ts'
import { createActivatedPlan, createActivationEvent } from '../../../lib/views/plan-activation.ts'
import { APPLICATION, NAMES, VOCABULARY } from '../../support/families.ts'
import { MemoryServers } from '../../support/memory-servers.ts'
import { tablePlan } from '../../support/views.ts'

const createPlan = (...names: string[]): ViewPlan => ({
  streams: [],
  tables: names.map(name => tablePlan(undefined, { name, generation: `${name}1` })),
})
const PACKAGED = createPlan('packaged')
const MINUTE_MS = 60_000

class Environment extends MemoryServers {
  warnings = 0

  /** Runs the clock a minute later. */
  async rules(packaged = PACKAGED) {
    this.nowMs += MINUTE_MS
    const scheduledFor = new Date(this.nowMs).toISOString()
    const config = { env: this.env, contentMode: 'binary' as const, ...VOCABULARY }
    const { connections } = this
    const run = { config, connections, scheduledFor, nowMs: () => this.nowMs }
    return activateViews(run, packaged, () => {
      this.warnings += 1
    })
  }

  /** Puts tables into force as `views apply` does. @param breaksAt number of the record at which the run is killed */
  async apply(
    next: (plan: ActivatedPlan) => ActivatedPlan,
    breaksAt = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    this.nowMs += MINUTE_MS
    let records = 0
    this.writing = () => {
      records += 1
      if (records === breaksAt) throw new Error('killed')
    }
    const { publisher, log, bounds: offsets } = this
    const consumer = { env: this.env, contentMode: 'binary', application: APPLICATION } as never
    const inForce = this.value<ActivatedPlan>(`views:${this.env}`)
    const applied = activatePlan(
      { publisher, log, offsets, consumer, inForce, nowMs: () => this.nowMs },
      next,
    )
    if (breaksAt < Number.POSITIVE_INFINITY) await assert.rejects(applied, /killed/)
    else await applied
    this.writing = () => {}
  }

  /** Names of the tables that are active in the partitions, each combination once. */
  get active(): string[] {
    const last = new Map<string, string>()
    for (const record of this.records) {
      const event = readEvent(record)
      if (isFailure(event) || event.type !== VIEWS_ACTIVATED_TYPE) continue
      const { tables } = event.data as ActivatedPlan
      last.set(`${record.topic}/${record.partition}`, tables.map(({ name }) => name).join(' '))
    }
    const sizes = resolveSignals(['viewed']).length
    assert.ok(new Set([...last.keys()].map(place => place.split('/')[0])).size <= sizes)
    return [...new Set(last.values())].sort()
  }

  get inRedis(): string[] {
    const json = this.values.get(`views:${this.env}`)
    return json === undefined ? [] : JSON.parse(json).tables.map(({ name }: { name: string }) => name)
  }
}

const ALL = 18
const applied =
  (...names: string[]) =>
  (plan: ActivatedPlan) =>
    createActivatedPlan(createPlan(...names), [], plan.packaged)
const building = (plan: ActivatedPlan) =>
  createActivatedPlan(
    { streams: [], tables: [...plan.tables, ...createPlan('new').tables] },
    ['new1'],
    plan.packaged,
  )

async function startEnvironment(): Promise<Environment> {
  const environment = new Environment()
  assert.deepEqual((await environment.rules()).appended, ALL)
  assert.deepEqual((await environment.rules()).why, 'not-due')
  return environment
}

describe('the plan in force', () => {
  // Promise config/views/README.md#tables-in-force | In force is the newest plan that all partitions have received, whatever Redis says, and another package changes only what it changed itself.
  it('given that Redis has lost everything, then it is what an operator has applied', async () => {
    const environment = await startEnvironment()
    await environment.apply(applied('own'))
    await environment.rules()
    for (const values of [
      new Map(),
      new Map([...environment.values].filter(([name]) => name !== 'views:test')),
    ]) {
      environment.values = values
      await environment.rules()
      assert.deepEqual([environment.active, environment.inRedis], [['own'], ['own']])
      assert.equal((await environment.rules()).why, 'not-due')
    }
    assert.equal(environment.warnings, 0)
    await environment.rules(createPlan('packaged', 'added'))
    assert.deepEqual(environment.active, ['own added'])
  })

  it('given that Redis returns with an older copy, then the activation after it holds', async () => {
    const environment = await startEnvironment()
    const older = new Map(environment.values)
    await environment.apply(applied('own'))
    await environment.rules()
    environment.values = older
    await environment.rules()
    assert.deepEqual([environment.active, environment.inRedis], [['own'], ['own']])
  })

  it('given a run of the command that was killed, then all partitions get its plan', async () => {
    for (const breaksAt of [1, 2, 9, 16, 18]) {
      const environment = await startEnvironment()
      await environment.apply(applied('own'), breaksAt)
      await environment.rules()
      await environment.rules()
      assert.deepEqual([environment.active, environment.inRedis], [['own'], ['own']], `record ${breaksAt}`)
    }
  })

  it('given a killed run that Redis has lost too, then all partitions get the plan before it', async () => {
    for (const breaksAt of [1, 2, 9, 16, 18]) {
      const environment = await startEnvironment()
      await environment.apply(applied('own'), breaksAt)
      environment.values = new Map()
      await environment.rules()
      assert.deepEqual(
        [environment.active, environment.inRedis],
        [['packaged'], ['packaged']],
        `record ${breaksAt}`,
      )
      assert.equal((await environment.rules()).why, 'not-due')
    }
  })

  it('given a killed run that a copy of Redis has not seen, then all partitions get the plan before it', async () => {
    for (const breaksAt of [17, 18]) {
      const environment = await startEnvironment()
      const older = new Map(environment.values)
      await environment.apply(applied('own'), breaksAt)
      environment.values = older
      assert.equal((await environment.rules()).why, 'changed', `record ${breaksAt}`)
      assert.deepEqual([environment.active, environment.inRedis], [['packaged'], ['packaged']])
      assert.equal((await environment.rules()).why, 'not-due')
    }
  })

  it('given a command that changes the plan during a deployment, then its plan stays', async () => {
    const environment = await startEnvironment()
    const { connections } = environment
    const value = async (name: string) => {
      const kept = await connections.value(name)
      const update: typeof kept.update = async change => {
        if (name === 'views:test') await environment.apply(applied('own'))
        return kept.update(change)
      }
      return { ...kept, update }
    }
    Object.defineProperty(environment, 'connections', { value: { ...connections, value } })
    await environment.rules(createPlan('packaged', 'added'))
    assert.deepEqual([environment.active, environment.inRedis], [['own'], ['own']])
  })

  it('given tables that are being built, then they go when Redis has lost their change', async () => {
    const environment = await startEnvironment()
    const applying = environment.value(applyingName('test'))
    await applying.write({ underway: { aliveMs: Number.MAX_SAFE_INTEGER } })
    await environment.apply(building)
    assert.equal((await environment.rules()).why, 'being-changed')
    await applying.write({ underway: { aliveMs: 0 } })
    await environment.rules()
    assert.deepEqual(environment.active, ['packaged new'])
    environment.values = new Map()
    await environment.rules()
    assert.deepEqual([environment.active, environment.inRedis], [['packaged'], ['packaged']])
  })

  it('given a run that was killed after it had built its tables, then all partitions get its last plan', async () => {
    for (const breaksAt of [1, 9, 18]) {
      const environment = await startEnvironment()
      const applying = environment.value(applyingName('test'))
      await applying.write({ underway: { aliveMs: Number.MAX_SAFE_INTEGER } })
      await environment.apply(building)
      await environment.apply(applied('new'), breaksAt)
      await applying.write({ underway: { aliveMs: 0 } })
      await environment.rules()
      await environment.rules()
      assert.deepEqual([environment.active, environment.inRedis], [['new'], ['new']], `record ${breaksAt}`)
    }
  })

  it('given that no activation is left, then the packaged plan holds, with a warning', async () => {
    const environment = await startEnvironment()
    await environment.apply(applied('own'))
    environment.values = new Map()
    environment.start = environment.getEnd('sluice.telemetry.events.test', 0)
    await environment.rules()
    assert.deepEqual([environment.inRedis, environment.warnings], [['packaged'], 1])
    await environment.rules()
    assert.equal(environment.warnings, 1)
  })

  it('given activations behind many other records, then they are found', async () => {
    const environment = await startEnvironment()
    const other = environment.records.find(({ topic }) => topic.includes('readings'))
    const [topic, partition] = ['sluice.telemetry.events.test', 1]
    for (let count = 0; count < 10_001; count += 1)
      environment.records.push({
        ...other,
        topic,
        partition,
        offset: count + 1,
        value: Buffer.from('{}'),
      } as never)
    const { log, bounds } = environment
    const { newest } = await findActivations<ActivatedPlan>(
      { log, bounds },
      { env: 'test', names: NAMES },
      VIEWS_ACTIVATED_TYPE,
    )
    assert.deepEqual(newest?.tables, PACKAGED.tables)
  })
})

describe('a rule set', () => {
  it('given an older copy of Redis and other rules in the log, then the packaged rules are appended', async () => {
    const environment = new Environment()
    const config = { env: 'test', contentMode: 'binary' as const, ...VOCABULARY }
    const rules = (hash: string) =>
      appendActivation<{ hash: string }>(environment.connections, config, {
        ...{
          name: 'rules:test',
          type: VIEWS_ACTIVATED_TYPE,
          signals: resolveSignals(['ruled']),
          isKnown: true,
        },
        ...{ at: new Date(environment.nowMs).toISOString(), choose: async () => ({ hash }), warn: () => {} },
        event: (data, partition, at) => createActivationEvent(data as never, partition, at),
      })
    assert.equal((await rules('a')).why, 'first')
    const older = new Map(environment.values)
    assert.equal((await rules('b')).why, 'changed')
    environment.values = older
    assert.equal((await rules('a')).why, 'changed')
    assert.equal((await rules('a')).why, 'not-due')
  })
})

describe('the newest complete activation', () => {
  const cases: readonly [partitions: readonly string[], newest: string | undefined][] = [
    [['ab', 'ab'], 'b'],
    [['ab', 'a'], 'a'],
    [['aba', 'ab'], 'a'],
    [['b', 'a'], undefined],
    [['a', ''], undefined],
    [['abc', 'acb', 'ab'], 'b'],
  ]
  for (const [partitions, newest] of cases)
    it(`given ${partitions.join(', ')}, then it is ${newest}`, () => {
      const activations = partitions.map(own => [...own].map(hash => ({ hash })))
      assert.equal(newestComplete(activations)?.hash, newest)
    })
})
