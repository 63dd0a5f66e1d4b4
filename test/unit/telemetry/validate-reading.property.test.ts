import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describeViolations } from '../../../lib/app/data/schema-violation.ts'
import { buildFamilySchema } from '../../../lib/telemetry/family-schema.ts'
import { findViolations } from '../../../lib/telemetry/validate-reading.ts'
import { FAMILIES } from '../../support/families.ts'
import { buildGreenhouse, GREENHOUSE } from './greenhouse.ts'

const FAMILIES_OF_ANY_KIND = [
  ...FAMILIES.all,
  buildGreenhouse(),
  buildGreenhouse(`${GREENHOUSE}others: numbers\n`),
]

describe('given random data, then the interpreter finds what the compiled JSON Schema finds, in the same words', () => {
  for (const family of FAMILIES_OF_ANY_KIND) {
    const schema = buildFamilySchema(family.file)
    const validate = new Ajv2020({ allErrors: true, messages: false, allowUnionTypes: true }).compile(schema)
    const names = [...Object.keys(schema.properties ?? {}), 'other', 'a/b~c']
    const inner = fc.constantFrom('site', 'latitude', 'longitude', 'bed', 'house', 'x')
    const scalar = fc.oneof(
      fc.double({ min: -200, max: 200, noNaN: true }),
      fc.integer({ min: -2, max: 101 }),
      fc.constantFrom<unknown>(
        '',
        'x',
        'ok',
        'day',
        null,
        true,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        [],
        undefined,
      ),
    )
    const value = fc.oneof(scalar, fc.dictionary(inner, scalar))
    // A family without metrics of its own has valid readings only with other numbers.
    const valued = names.slice(0, family.others ? -1 : -2)
    const valid = fc.record(Object.fromEntries(valued.map(name => [name, validValue(name)])), {
      requiredKeys: [...(schema.required ?? [])],
    })
    const data = fc.oneof(
      valid,
      fc
        .tuple(valid, fc.dictionary(fc.constantFrom(...names), value))
        .map(([good, bad]) => ({ ...good, ...bad })),
      fc.jsonValue(),
    )
    test(`${family.name}${family.others ? ' with others' : ''}`, () => {
      const verdicts = new Set<boolean>()
      fc.assert(
        fc.property(data, reading => {
          const isValid = validate(reading)
          verdicts.add(isValid)
          const expected = isValid ? '' : describeViolations((validate.errors ?? []).filter(isReported))
          assert.equal(describeViolations(findViolations(family, reading)), expected)
        }),
        { numRuns: 1_000 },
      )
      assert.equal(verdicts.size, 2, 'the data is both valid and invalid')
    })

    function validValue(name: string): fc.Arbitrary<unknown> {
      const { type, minimum = -50, maximum = 100, enum: words } = schema.properties?.[name] ?? {}
      if (words) return fc.constantFrom(...words)
      if (type === 'integer') return fc.integer({ min: 0, max: 50 })
      if (type === 'number' || name === 'other') return fc.double({ min: minimum, max: maximum, noNaN: true })
      if (name === 'location') return fc.constant({ site: 'x', latitude: 1, longitude: 2 })
      if (name === 'place') return fc.constant({ bed: 2 })
      return name === 'tags' ? fc.constant({ house: 'north' }) : fc.constantFrom('a', 'b/c')
    }
  }
})

/** ajv also reports the names below `not`, which are no violations, and `not` for data that is not an object. */
function isReported(
  { schemaPath, keyword }: { readonly schemaPath: string; readonly keyword: string },
  _: number,
  all: readonly { readonly keyword: string; readonly instancePath: string }[],
): boolean {
  if (keyword === 'not' && all.some(value => value.keyword === 'type' && value.instancePath === ''))
    return false
  return !schemaPath.includes('/not/')
}
