import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  describeErrors,
  errorLine,
  firstOfEach,
  locateErrors,
  MORE_ERRORS,
  parseJsonPointer,
} from '../../../lib/support/file-errors.ts'

const ERROR = { file: 'a.yaml', line: 3, column: 5, message: 'must be a number' }

describe('errors in files that people edit', () => {
  it('given a part and a key, then the line names what is given', () => {
    const key = 'for'
    assert.equal(errorLine(ERROR), 'a.yaml:3:5  must be a number')
    assert.equal(errorLine({ ...ERROR, key }), 'a.yaml:3:5  for: must be a number')
    assert.equal(errorLine(ERROR, 'HIGH'), 'a.yaml:3:5  HIGH: must be a number')
    assert.equal(errorLine({ ...ERROR, key }, 'HIGH'), 'a.yaml:3:5  HIGH.for: must be a number')
  })

  it('given a pointer, then elements of lists are numbers, and names are unescaped', () => {
    const content = { list: [{ '0': 1 }], 'a/b~c': { '1': 2 }, none: null }
    assert.deepEqual(parseJsonPointer('/list/0/0', content), ['list', 0, '0'])
    assert.deepEqual(parseJsonPointer('/a~1b~0c/1', content), ['a/b~c', '1'])
    assert.deepEqual(parseJsonPointer('/none/x/0', content), ['none', 'x', '0'])
    assert.deepEqual(parseJsonPointer('', content), [])
  })

  it('given more violations than a person reads, then the first are described, and that there are more', () => {
    const violation = { instancePath: '', keyword: 'type', schemaPath: '', params: {} }
    const violations = Array.from({ length: 102 }, (_, index) => ({ ...violation, index }))
    const describe = ({ index }: { index: number }) => ({ path: [index], message: 'wrong' })
    const errors = describeErrors(violations, describe)
    assert.deepEqual([errors.length, errors[99]?.path, errors[100]], [101, [99], MORE_ERRORS])
    assert.equal(describeErrors(violations.slice(0, 100), describe).length, 100)
  })

  it('given errors of one place, then the first is kept; all are sorted by their position', () => {
    const errors = [
      { path: ['b', 0], message: 'first' },
      { path: ['b', 0], message: 'second' },
      { path: [], message: 'whole' },
    ]
    const positions = new Map([
      ['b.0', { line: 2, column: 1 }],
      ['', { line: 1, column: 1 }],
    ])
    const positionOf = (path: readonly unknown[]) => positions.get(path.join('.')) ?? { line: 0, column: 0 }
    assert.deepEqual(locateErrors(firstOfEach(errors), 'a.yaml', positionOf), [
      { file: 'a.yaml', line: 1, column: 1, message: 'whole' },
      { file: 'a.yaml', line: 2, column: 1, key: 'b.0', message: 'first' },
    ])
  })
})
