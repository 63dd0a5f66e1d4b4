import { MemoryForwardCursors } from '../../../testing/memory-forward-cursors.ts'
import { conformsAsForwardCursors } from '../../conformance/forward-cursors.ts'
import { conformsAsForwarder } from '../../conformance/forwarder.ts'

const cursors = new MemoryForwardCursors()
conformsAsForwardCursors('memory', () => cursors)
conformsAsForwarder('memory', () => cursors)
