const { readFileSync } = require('node:fs')
const { dirname, join } = require('node:path')

const READ = /readFileSync\(new URL\('([^']+)', import\.meta\.url\), 'utf8'\)/g

/**
 * Bundles hold code alone: what it reads beside itself when it runs unbuilt (`readFileSync(new URL('./x', import.meta.url),
 * 'utf8')`) is put into them as text.
 */
const inlineText = {
  name: 'inline-text',
  setup(build) {
    build.onLoad({ filter: /lib[\\/]adapters[\\/].*\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      const contents = source.replace(READ, (_, file) =>
        JSON.stringify(readFileSync(join(dirname(path), file), 'utf8')),
      )
      return { contents, loader: 'ts' }
    })
  },
}

module.exports = [inlineText]
