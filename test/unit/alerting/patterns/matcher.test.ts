import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EVENTS } from '../../../../lib/alerting/patterns/events.ts'
import { type Facts, factsOfEvent, factsOfReading } from '../../../../lib/alerting/patterns/facts.ts'
import { isMet } from '../../../../lib/alerting/patterns/matcher.ts'
import type { Matcher } from '../../../../lib/alerting/patterns/pattern.ts'
import { FAMILIES } from '../../../../lib/telemetry/families.ts'
import type { Received } from '../../../../packages/runtime/consumer/event.ts'

const ANY_READING: Matcher = { of: 'reading', family: 'environment' }
const SENSOR = { source: '/environment/hall', subject: 's1' }
const readingOf = (family: keyof typeof FAMILIES): Facts =>
  factsOfReading({ ...SENSOR, timeMs: 0 } as Received, FAMILIES[family], {})

describe('whether an event is one that a pattern asks for', () => {
  it('given any reading of a family, then readings of that family are, and of another are not', () => {
    assert.equal(isMet(ANY_READING, readingOf('environment')), true)
    assert.equal(isMet(ANY_READING, readingOf('device')), false)
  })

  it('given any reading of a family, then an event about an entity of that family is not', () => {
    assert.equal(
      isMet(ANY_READING, factsOfEvent('sensor.silent', 'environment', 0, { entity: SENSOR })),
      false,
    )
  })
})

it('given the events that patterns can name, then each follows from readings of a family that exists', () => {
  const families = Object.values(EVENTS).map(({ family }) => family)
  assert.ok(families.length > 0)
  for (const family of families) assert.ok(Object.hasOwn(FAMILIES, family), family)
})

it('given a reading that names no site, then it has none: an empty text names no group', () => {
  const at = (site: string) => ({ location: { site, latitude: 1, longitude: 1 } })
  const facts = (site: string) =>
    factsOfReading({ ...SENSOR, timeMs: 0 } as Received, FAMILIES.environment, at(site) as never)
  assert.equal(facts('hall').dimension('site'), 'hall')
  assert.equal(facts('').dimension('site'), undefined)
})
