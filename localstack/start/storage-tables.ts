/** Creates the tables of the storage, in a process of its own: `serverless offline` would keep the 50 MB that this takes. */

import { openStorage } from '../../lib/app/connections/storage.ts'
import { readSettings, STORAGE } from '../../lib/app/settings/index.ts'

const storage = await openStorage(readSettings([STORAGE]))
await storage.write(new Map(), 'keep').finally(() => storage.close())
