import { setting, slice, text } from '#runtime/settings'

/** Settings for the database that the function `storage` fills. */
export const STORAGE = slice('Storage', {
  STORAGE_URL: setting(
    'storage.url',
    text(
      /^(postgres(ql)?:\/\/\S+|sqlite:.+)$/,
      'postgres://user@host/database or, under `npm start`, sqlite: and the path of a file',
    ),
    {
      description: 'The [database](storage.md) that `storage` and `sluice etl` fill.',
      otherwise: '`storage` is not deployed; `npm start` fills an SQLite file',
    },
  ),
  STORAGE_SECRET: setting('storage.secret', text(/^\S+$/, 'the name or ARN of a secret'), {
    description:
      'The secret with the `password` for STORAGE_URL, and the `username` if the address has none. Secrets of RDS have this form.',
    otherwise: 'the database needs no password',
  }),
  STORAGE_READER_SECRET: setting('storage.reader_secret', text(/^\S+$/, 'the name or ARN of a secret'), {
    description:
      'The secret with the `username` and the `password` of a [role that can only read](storage.md#readers) the database. `sluice console` draws charts with it.',
    otherwise:
      'the console of an account shows the last hour only; that of this machine reads as STORAGE_URL says',
    setBy: 'machine',
  }),
})
