import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PAGES } from '../../../programs/api-pages.ts'
import { PROJECT } from '../../support/program.ts'
import { type Check, Failed, tool } from '../check.ts'

/** Checks that docs/api matches the entry points of the packages, and that all exports have docstrings. */
export const apiPages: Check = {
  name: 'API pages',
  async run(signal) {
    await tool('./programs/api-pages.ts', ['--check'], signal)
    const names = Object.keys(PAGES)
    for (const [folder, extension] of [
      ['docs/api', '.md'],
      ['examples/api', '.ts'],
    ] as const) {
      const files = (await readdir(join(PROJECT, folder))).toSorted()
      const wanted = names.map(name => `${name}${extension}`).toSorted()
      if (files.join() !== wanted.join())
        throw new Failed(
          `${folder} has ${files.join(', ')}, and the packages have entries for ${wanted.join(', ')}`,
        )
    }
    return `${names.length} pages, with an example each`
  },
}
