/**
 * Pairs of a filter pattern and data, with the outcomes of EventBridge's own matcher (event-ruler 1.7.3): for each pattern one
 * character per data, `x` for a match. Pairs whose outcome depends on the order of fields are left out.
 */
export const PAIRS: readonly {
  readonly data: readonly unknown[]
  readonly patterns: readonly (readonly [pattern: unknown, outcomes: string])[]
}[] = [
  {
    data: [
      { a: { b: 'x' } },
      { a: [{ b: 'x' }] },
      { a: [[{ b: 'x' }]] },
      { a: [[[{ b: 'x', c: 1 }]]] },
      { a: [{ b: 'x' }, { c: 1 }] },
      { a: [[{ b: 'x' }], [{ c: 1 }]] },
      { a: { b: ['x', 'y'], c: [2, 1] } },
      { a: { b: [['x']], c: [[1]] } },
      { a: ['x'] },
      { a: [['x']] },
      { a: 'x', c: 1 },
      { a: [] },
      { a: {} },
      { a: [[{ b: { c: 1 } }]] },
      { a: [{ b: [[{ c: 1 }]] }] },
      { a: { b: 2 } },
      { a: [{ b: 2 }, { b: 'y' }] },
    ],
    patterns: [
      [{ a: { b: ['x'] } }, 'xxxxxxxx---------'],
      [{ a: { b: ['x'], c: [1] } }, '---x--xx---------'],
      [{ a: ['x'] }, '--------xxx------'],
      [{ a: { b: [{ exists: false }] } }, '--------xxxxxxx--'],
      [{ a: { b: [{ exists: true }] } }, 'xxxxxxxx-------xx'],
      [{ a: { b: [{ 'anything-but': ['x'] }] } }, '------x--------xx'],
      [{ a: { b: [{ numeric: ['>', 1] }] } }, '---------------xx'],
      [{ $or: [{ a: { b: ['x'] } }, { c: [1] }] }, 'xxxxxxxx--x------'],
      [{ a: { $or: [{ b: ['x'] }, { c: [1] }] } }, 'xxxxxxxx---------'],
      [{ a: { b: { c: [1] } } }, '-------------xx--'],
    ],
  },
  {
    data: [
      { a: [{ b: 'x' }, { c: 1 }] },
      { a: [{ b: 'x', c: 1 }, { c: 1 }] },
      { a: [{ b: 'y' }, { c: 1 }] },
      { a: [{ b: { c: 1 } }, { b: 2 }] },
      { a: [[{ b: [{ c: 1 }] }], { d: 2 }] },
      { a: [{ b: [] }, { c: 1 }] },
      { a: { c: 1 } },
      { a: [{ b: { d: 1 } }, { c: 1 }] },
      { a: [1, { b: 'x' }] },
      { a: [1, { c: 1 }] },
      {},
    ],
    patterns: [
      [{ a: { b: [{ exists: false }], c: [1] } }, '-----xxx-x-'],
      [{ a: { b: [{ exists: false }, 'x'] } }, 'xx--xxxxxxx'],
      [{ a: { b: { c: [{ exists: false }] } } }, 'xxx--xxxxxx'],
      [{ $or: [{ a: { b: [{ exists: false }] } }, { a: { c: [1] } }] }, 'xxx-xxxx-xx'],
    ],
  },
  {
    data: [
      { a: [{ b: 'x' }, { c: 1 }] },
      { a: [{ b: 'x', c: 1 }, { c: 1 }] },
      { a: [{ b: 'x', d: { e: [{ f: 1 }] } }, { d: { e: [{ f: 1 }, { g: 2 }] } }] },
      { a: [{ c: 1 }, { d: { e: 2 } }] },
      { a: [{ b: 'x', c: 1 }, { b: 'x' }] },
    ],
    patterns: [
      [{ a: { b: ['x'], c: [{ exists: false }] } }, 'x-x-x'],
      [{ a: { c: [{ exists: false }], b: ['x'] } }, 'x-x-x'],
      [{ a: { b: [{ exists: false }], c: [1] } }, '---x-'],
      [{ a: { b: ['x'], d: { e: { g: [{ exists: false }] } } } }, 'xxx-x'],
      [{ a: { d: { e: { f: [1], g: [{ exists: false }] } } } }, '--x--'],
      [{ a: { b: ['x'], $or: [{ c: [{ exists: false }] }, { d: [1] }] } }, 'x-x-x'],
    ],
  },
]
