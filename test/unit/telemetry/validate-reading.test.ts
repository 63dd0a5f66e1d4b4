import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findViolations } from '../../../lib/telemetry/validate-reading.ts'
import { FAMILIES } from '../../support/families.ts'

const PLACE = { site: 'a', latitude: 0, longitude: 0 }
const READING = { sensorId: 's', temperature: 20, location: PLACE }

describe('the bounds of a family', () => {
  const environment = FAMILIES.get('environment')
  for (const [path, least, most] of [
    ['humidity', 0, 100],
    ['pressure', 0, undefined],
    ['windSpeed', 0, undefined],
    ['latitude', -90, 90],
    ['longitude', -180, 180],
  ] as const) {
    const violationsAt = (value: number) => {
      const data =
        path === 'latitude' || path === 'longitude'
          ? { ...READING, location: { ...PLACE, [path]: value } }
          : { ...READING, [path]: value }
      return findViolations(environment, data).map(({ instancePath, keyword, params }) =>
        [instancePath.split('/').at(-1), keyword, params.limit].join(' '),
      )
    }
    const beyond = (value: number, side: 1 | -1) => value + side * 2 ** -20

    it(`given ${path} at a bound or between, then it is valid; beyond, then it violates the bound`, () => {
      assert.deepEqual(violationsAt(least), [])
      assert.deepEqual(violationsAt(beyond(least, 1)), [])
      assert.deepEqual(violationsAt(beyond(least, -1)), [`${path} minimum ${least}`])
      assert.deepEqual(violationsAt(most ?? Number.MAX_VALUE), [])
      if (most === undefined) return
      assert.deepEqual(violationsAt(beyond(most, -1)), [])
      assert.deepEqual(violationsAt(beyond(most, 1)), [`${path} maximum ${most}`])
    })
  }
})
