/** Recognises the row of units below the header of a CSV file. Pure. */
import { readNumber } from '../../../lib/support/number-text.ts'
import { unitsNamed } from '../../../lib/telemetry/index.ts'

/** Returns whether at least half of the cells are units, none is a number, and a number stands below a unit. */
export function isUnitRow(cells: Readonly<Record<string, unknown>>, next: object): boolean {
  const texts = Object.entries(cells).filter(([, cell]) => cell !== undefined)
  const units = texts.filter(([, cell]) => readCellUnit(cell) !== undefined)
  const numbers = Object.entries(next).filter(([, cell]) => isNumber(cell))
  return (
    units.length * 2 >= texts.length &&
    !texts.some(([, cell]) => isNumber(cell)) &&
    units.some(([column]) => numbers.some(([other]) => other === column))
  )
}

function isNumber(cell: unknown): boolean {
  return typeof cell === 'number' || (typeof cell === 'string' && 'value' in readNumber(cell, ','))
}

/** Returns the name of a unit in a cell, with or without brackets; undefined if the table of units does not have it. */
export function readCellUnit(cell: unknown): string | undefined {
  const name = typeof cell === 'string' ? cell.replace(/^[[(](.*)[\])]$/, '$1') : ''
  return unitsNamed(name).length > 0 ? name : undefined
}
