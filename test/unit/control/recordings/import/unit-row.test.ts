/** The rows below the header of a CSV file that are units, as loggers and people write them. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import {
  type BrokenRow,
  type RowDocument,
  readDocuments,
} from '../../../../../control/recordings/import/csv-rows.ts'

async function read(text: string) {
  const rows: (RowDocument | BrokenRow)[] = []
  for await (const row of readDocuments(Readable.from([Buffer.from(text)]), 'f')) rows.push(row)
  const [first] = rows
  return {
    lines: rows.map(({ line }) => line),
    units: first && 'units' in first ? Object.values(first.units ?? {}).filter(Boolean) : [],
    errors: rows.flatMap(row => ('error' in row ? [row.error] : [])),
  }
}

const TOA5 = `"TOA5","Mast1","CR1000X","12345","Std","prog","4711","Met"
"TIMESTAMP","RECORD","T_Avg"
"TS","RN","Deg C"
"","","Avg"
`

describe('a row of units below the header', () => {
  // Promise docs/your-own-data.md#limits | A row of units below the header of a CSV file is not a record.
  for (const [what, text, lines, units] of [
    ['units', 'time,t,h\n,°C,%\n2026-01-01 08:00,1,2\n2026-01-01 08:10,1,2\n', [3, 4], ['°C', '%']],
    ['units in brackets', 'time;t\n[UTC];[°C]\n2026-01-01;"21,5"\n', [3], ['[UTC]', '[°C]']],
    ['a header of a logger', `${TOA5}"2026-11-25 09:00:00",0,"NAN"\n`, [5], ['TS', 'RN', 'Deg C']],
    ['a header of a logger without rows', TOA5, [], []],
    ['no number below the unit', 'device,unit\na,C\nb,C\n', [2, 3], []],
    ['a number among the units', 'v,unit\n1,C\n2,C\n', [2, 3], []],
    ['texts of which few are units', 'a,b,c,d\nx,y,z,%\n1,2,3,4\n', [2, 3], []],
    ['one row only', 'time,t\n,°C\n', [2], []],
  ] as const)
    it(`given ${what}, then the rows are those below it, with their lines`, async () =>
      assert.deepEqual(await read(text), { lines, units, errors: [] }))

  it('given a row that cannot be read after the first one, then the first one is a record', async () => {
    const { lines, errors } = await read('t,h\na,b\n1\n2,3\n')
    assert.deepEqual(lines, [2, 3, 4])
    assert.deepEqual(errors, ['the row has 1 column, and the header has 2'])
  })
})

describe('a first line that names the delimiter', () => {
  const rows = (sign: string) => `t${sign}v\r\na${sign}1,5\r\nb${sign}2,5\r\n`
  for (const [first, sign] of [
    ['sep=;', ';'],
    ['"sep=;"', ';'],
    ['\ufeffsep=;', ';'],
    ['\ufeff"SEP=;"', ';'],
    ['sep=;;;', ';'],
    ['sep=\t', '\t'],
    ['sep=\\t', '\t'],
    ['sep=|', '|'],
  ] as const)
    it(`given ${JSON.stringify(first)}, then it is used, and lines are counted from it`, async () =>
      assert.deepEqual(await read(`${first}\r\n${rows(sign)}`), { lines: [3, 4], units: [], errors: [] }))

  it('given sep=, then quotes and a row of units are read', async () =>
    assert.deepEqual(await read('sep=,\nt,v\n,°C\na,"1,5"\n'), { lines: [4], units: ['°C'], errors: [] }))

  for (const [what, text, line, error] of [
    ['a wrong one', `sep=,\n${rows(';')}`, 2, /^the columns are separated by ";": .* sep=;$/],
    [
      'none, and a wrong guess',
      't, s;v, °C\na;1\nb;2\n',
      1,
      /^none of its rows has the 3 columns of the header: .* sep=;/,
    ],
  ] as const)
    it(`given ${what}, then the file is refused once`, async () => {
      const { lines, errors } = await read(text)
      assert.deepEqual(lines, [line])
      assert.match(errors[0] ?? '', error)
    })
})
