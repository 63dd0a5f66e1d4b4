/** The function `clock` in memory: what it appends to the log, in which order, and what a failure of one part changes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RULES_ACTIVATED_TYPE } from '../../../lib/alerting/rules-activated.ts'
import type { Signal } from '../../../lib/app/naming/topic-table.ts'
import { resolveSignals, topicRow } from '../../../lib/app/naming/topic-table.ts'
import { runClock } from '../../../lib/clock/clock.ts'
import { SILENCES_CHANGED_TYPE } from '../../../lib/notification/silences-changed.ts'
import { TICK_TYPE } from '../../../lib/telemetry/tick.ts'
import { VIEWS_ACTIVATED_TYPE } from '../../../lib/views/event-names.ts'
import { PROJECT } from '../../../scripts/paths.ts'
import { NAMES, VOCABULARY } from '../../support/families.ts'
import { MemoryServers } from '../../support/memory-servers.ts'

const SET = {
  revision: 1,
  silences: [],
  change: { action: 'ended', silenceId: 's', author: 'a', comment: 'c' },
}

class Environment extends MemoryServers {
  /** Runs the function a minute later. */
  async clock(connections = this.connections) {
    this.nowMs += 60_000
    const config = {
      env: this.env,
      contentMode: 'binary',
      ...VOCABULARY,
      rulesDir: `${PROJECT}/config/rules`,
      viewsDir: `${PROJECT}/config/views`,
      tickEveryMs: 5_000,
    }
    const scheduledFor = new Date(this.nowMs).toISOString()
    const telemetry = { warn: () => {} }
    return runClock({ config, connections, scheduledFor, isScheduled: false, telemetry } as never)
  }

  /** Types of the records of a partition, in order. */
  types(signal: Signal, partition = 0): string[] {
    const topic = NAMES.topicName(signal, this.env)
    return this.records
      .filter(record => record.topic === topic && record.partition === partition)
      .map(({ headers }) => String(headers?.find(([name]) => name === 'ce_type')?.[1]))
  }
}

describe('the clock', () => {
  it('given a first run, then each partition has rules and tables before its first tick', async () => {
    const environment = new Environment()
    const { rules, tables, silences, ticks } = await environment.clock()
    assert.deepEqual([rules.why, tables.why, silences.why], ['first', 'first', 'no-silences'])
    assert.equal(
      ticks.ticks,
      resolveSignals(['ticked']).reduce((sum, signal) => sum + topicRow(signal).partitions, 0),
    )
    for (let partition = 0; partition < topicRow('readings').partitions; partition += 1)
      assert.deepEqual(environment.types('readings', partition), [
        RULES_ACTIVATED_TYPE,
        VIEWS_ACTIVATED_TYPE,
        TICK_TYPE,
      ])
    assert.deepEqual(environment.types('dlq'), [])
  })

  it('given silences that have changed, then they are appended before the tick', async () => {
    const environment = new Environment()
    await environment.value(`silences:${environment.env}`).write(SET)
    await environment.clock()
    assert.deepEqual(environment.types('notifications'), [SILENCES_CHANGED_TYPE, TICK_TYPE])
  })

  it('given that Redis does not answer, then ticks are appended, and the run fails and names the others', async () => {
    const environment = new Environment()
    const away = async () => {
      throw new Error('Redis does not answer')
    }
    const connections = { ...environment.connections, value: away } as never
    await assert.rejects(
      environment.clock(connections),
      /^Error: rules, tables, silences: Redis does not answer$/,
    )
    assert.deepEqual(environment.types('readings'), [TICK_TYPE])
  })
})
