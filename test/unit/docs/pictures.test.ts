import assert from 'node:assert/strict'
import { globSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { DIAGRAMS } from '../../pictures/diagrams.ts'
import { diagramSvg, terminalSvg } from '../../pictures/svg.ts'
import { PROJECT } from '../../support/program.ts'

const FOLDER = join(PROJECT, 'docs/pictures')
const PICTURES = globSync('*', { cwd: FOLDER })
const KIB = 1024

describe('the pictures of the manual', () => {
  it('given their sizes, then none is above 150 KiB, and all are below 1.5 MiB', () => {
    const sizes = PICTURES.map(file => statSync(join(FOLDER, file)).size)
    assert.ok(Math.max(...sizes) <= 150 * KIB)
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 1_500 * KIB)
  })

  it('given the diagrams, then npm run pictures draws them as they are', () => {
    for (const [file, diagram] of Object.entries(DIAGRAMS))
      assert.equal(readFileSync(join(FOLDER, file), 'utf8'), diagramSvg(diagram), file)
  })

  it('given each of them, then a page shows it', () => {
    const pages = globSync('{*.md,docs/*.md,config/**/*.md}', { cwd: PROJECT })
    const text = pages.map(page => readFileSync(join(PROJECT, page), 'utf8')).join('\n')
    const shown = new Set(
      [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path = '']) => basename(path)),
    )
    assert.deepEqual(
      PICTURES.filter(file => !shown.has(file)),
      [],
    )
  })
})

describe('a diagram', () => {
  const boxes = {
    a: { column: 0, row: 0, text: ['first <topic>', 'note'] },
    b: { column: 1, row: 0, text: ['second'] },
  }

  it('given two arrows between two boxes, then they run side by side', () => {
    const arrows = [
      { from: 'a', to: 'b', label: 'there' },
      { from: 'b', to: 'a', label: 'back' },
    ]
    const svg = diagramSvg({ title: 'a & b', boxes, arrows })
    const heights = [...svg.matchAll(/d="M\d+ (\d+)L\d+ \1"/g)].map(([, y]) => y)
    assert.equal(new Set(heights).size, 2)
    assert.match(svg, /first &lt;topic&gt;.*a &amp; b|a &amp; b.*first &lt;topic&gt;/s)
  })

  it('given an arrow to a box that is missing, then it throws', () => {
    const arrows = [{ from: 'a', to: 'c' }]
    assert.throws(() => diagramSvg({ title: 't', boxes, arrows }), /from a to c/)
  })

  it('given the output of a command, then each line is text with its spaces', () => {
    const svg = terminalSvg('t', ['$ npx sluice x', 'A   B'])
    assert.equal(svg.match(/xml:space="preserve"/g)?.length, 2)
    assert.match(svg, />A {3}B</)
  })
})
