/** Loads a history in a folder into a warehouse, as a process that tests can kill. */

import { openWarehouse } from '../../lib/operations/etl/run-etl.ts'
import { FolderHistoryStore } from './folder-history.ts'
import { loaded } from './warehouse-log.ts'

const [url = '', folder = ''] = process.argv.slice(2)
const store = new FolderHistoryStore(folder)
const target = await openWarehouse(url)
const { records } = await loaded(store, target)
await target.close()
console.log(records)
