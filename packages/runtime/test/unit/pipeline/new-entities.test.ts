/** The bound for entities that producers add: docs/guarantees.md, "What bounds the memory". */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KeyedProcess } from '../../../consumer/process.ts'
import { NewEntities } from '../../../pipeline/deciding/new-entities.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { counting, Stage } from '../../support/stage.ts'

const DAY_MS = 24 * 60 * 60_000
const PER_DAY = 4

describe('entities that producers add to a partition state', () => {
  function createStage(process: KeyedProcess<never> = counting as never): Stage {
    const stage = new Stage(process)
    stage.consumer = { ...stage.consumer, newEntities: PER_DAY }
    return stage
  }

  let offset = 0
  /** A reading of a sensor, at a site. */
  const from = (sensor: string, site = 'north') => {
    const event = { ...reading(`${offset}`, { sensor }), source: `/environment/${site}` }
    return record(offset++, event)
  }

  // Promise docs/guarantees.md#what-bounds-the-memory
  it('given a flood of one source, then new entities fail, and known ones and other sources go on', async () => {
    const stage = createStage()
    const flood = Array.from({ length: PER_DAY + 3 }, (_, index) => from(`flood-${index}`))
    await stage.batch([...flood, from('flood-0'), from('roof', 'south')])
    assert.deepEqual(stage.outcomes.slice(PER_DAY), [
      ...Array.from({ length: 3 }, () => 'failed/too-many-new-entities'),
      'applied/counted',
      'applied/counted',
    ])
    const errors = stage.events.flatMap(({ data }) => (data as { readonly error?: string }).error ?? [])
    assert.match(errors[0] ?? '', /may add 4 entities .*: look at its source$/)
  })
})

describe('levels of new entities', () => {
  it('given a level, then it sinks by as many as may come in a day, and never below nothing', () => {
    const levels = new NewEntities(undefined, PER_DAY)
    for (let number = 0; number < PER_DAY; number += 1) levels.update('/a x', undefined, '1', 0)
    const later = new NewEntities(levels.serializedLevels, PER_DAY)
    assert.ok(later.checkLimit('/a y', undefined, '1', DAY_MS / PER_DAY - 1))
    assert.equal(later.checkLimit('/a y', undefined, '1', DAY_MS / PER_DAY), undefined)
    later.update('/b never-added', '1', undefined, 0)
    later.update('/a y', undefined, '1', 9 * DAY_MS)
    assert.match(later.serializedLevels, /^\d+:1:777600000 all:1:777600000$/)
    later.update('/a y', '1', undefined, 9 * DAY_MS)
    assert.equal(later.serializedLevels, '')
  })

  const sized = (units: number, name = '/a x') => 's'.repeat(units * 4096 - 3 * name.length)
  const full = () => {
    const levels = new NewEntities(undefined, PER_DAY)
    levels.update('/a first', undefined, sized(PER_DAY, '/a first'), 0)
    return levels
  }

  it('given a large state or a long name, then the entity counts once for each 4 KiB', () => {
    const levels = new NewEntities(undefined, PER_DAY)
    assert.equal(levels.checkLimit('/a x', undefined, sized(PER_DAY), 0), undefined)
    assert.ok(levels.checkLimit('/a x', undefined, `${sized(PER_DAY)}s`, 0))
    assert.ok(levels.checkLimit(`/a ${'x'.repeat(6000)}`, undefined, '1', 0))
  })

  it('given that no more may be added, then known entities go on, and only large ones do not grow', () => {
    assert.ok(full().checkLimit('/a x', undefined, '1', 0))
    assert.equal(full().checkLimit('/a x', '1', sized(1), 0), undefined)
    assert.match(full().checkLimit('/a x', '1', `${sized(1)}s`, 0)?.message ?? '', /this one grows/)
    assert.equal(full().checkLimit('/a x', sized(5), sized(5), 0), undefined)
    assert.equal(full().checkLimit('/a x', sized(9), sized(8), 0), undefined)
  })

  it('given an entity that grew before it is forgotten, then it gives back what it had taken, and no more', () => {
    const levels = new NewEntities(undefined, PER_DAY)
    levels.update('/a other', undefined, '1', 0)
    levels.update('/a x', undefined, '1', 0)
    levels.update('/a x', '1', sized(3), 0)
    assert.match(levels.serializedLevels, / all:4:0$/)
    levels.update('/a x', sized(3), undefined, 0)
    assert.match(levels.serializedLevels, / all:1:0$/)
  })
})
