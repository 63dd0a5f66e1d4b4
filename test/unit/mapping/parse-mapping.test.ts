import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { getTargets, requiredTargets } from '../../../lib/mapping/target-fields.ts'
import { errorLine, InvalidFile } from '../../../lib/support/file-errors.ts'
import { FAMILIES } from '../../../lib/telemetry/families.ts'
import { goldenAnswers } from '../../support/golden.ts'
import { deviceText } from './support.ts'

function errorsOf(text: string): readonly string[] {
  try {
    readMapping(text, 'm', 'm.yaml')
  } catch (error) {
    assert.ok(error instanceof InvalidFile, String(error))
    return error.errors.map(one => errorLine(one))
  }
  return []
}

/** The lines of a mapping of devices, after which a test has its own. */
const TOP = 'family: device\ntime: record\n'
const fields = (more: string) => `${TOP}fields:\n  deviceId: id\n  model: model\n  ${more}\n`

describe('the file of a mapping', () => {
  it('given the least that it needs, then it has no error', () => {
    assert.deepEqual(errorsOf(deviceText()), [])
    assert.deepEqual(errorsOf(fields('x: x')), [])
  })

  it('given files with errors, then each error is named with line and column', () =>
    goldenAnswers('mapping', text => errorsOf(`${text}\n`).join('\n')))
})

describe('the fields that a mapping can fill', () => {
  for (const family of Object.values(FAMILIES))
    it(`given ${family.name}, then they are those of its schema, and those that it requires are required`, () => {
      const file = new URL(
        `../../../events/schemas/json/${family.type.replace('io.sluice.', '')}.json`,
        import.meta.url,
      )
      const schema: Schema = JSON.parse(readFileSync(file, 'utf8'))
      const found = leaves(schema)
      assert.ok(found.length > 3)
      const own = [...getTargets(family).keys()]
      assert.deepEqual(own.toSorted(), found.map(({ path }) => path).toSorted())
      const required = found.filter(leaf => leaf.isRequired).map(({ path }) => path)
      assert.deepEqual(requiredTargets(family).toSorted(), required.toSorted())
    })
})

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

function leaves({ properties = {}, required = [] }: Schema): { path: string; isRequired: boolean }[] {
  return Object.entries(properties).flatMap(([name, below]) => {
    const isRequired = required.includes(name)
    if (below.properties === undefined) return [{ path: name, isRequired }]
    return leaves(below).map(leaf => ({
      path: `${name}.${leaf.path}`,
      isRequired: isRequired && leaf.isRequired,
    }))
  })
}
