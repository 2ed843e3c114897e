// What LivePerson's messages say of co-browsing. Nothing here knows of a page or a clock.

const CHANGES = 'cqm.ExConversationChangeNotification';
const CHANNEL = 'COBROWSE';
const STATES = ['INVITED', 'ACCEPTED', 'CLOSED'];
// The most first.
export const MODES = ['shared', 'view', 'follow'];
const AGENT = 'ASSIGNED_AGENT';

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const show = (value) => (value === undefined ? 'nothing' : JSON.stringify(value));

function parse(message, what) {
  if (typeof message !== 'string') {
    if (isObject(message)) return message;
    throw new TypeError(`cobrowse: ${what}: expected an object or its JSON, found ${show(message)}`);
  }
  let value;
  try {
    value = JSON.parse(message);
  } catch (error) {
    throw new TypeError(`cobrowse: ${what}: expected JSON: ${error.message}`);
  }
  if (!isObject(value)) throw new TypeError(`cobrowse: ${what}: expected an object, found ${show(value)}`);
  return value;
}

// What a notification says of dialogs for co-browsing; `problems` are those of which nothing can be made, each with its place. It
// may be given whole, as its body, as one change's result or its `conversationDetails`, or as a single dialog. Of other messages,
// and of other dialogs, nothing is said.
export function readNotification(message) {
  const dialogs = [], problems = [];
  for (const [dialog, place, details] of dialogsOf(parse(message, 'notification'))) {
    if (!isObject(dialog) || dialog.channelType !== CHANNEL) continue;
    const read = readDialog(dialog, place, details, problems);
    if (read) dialogs.push(read);
  }
  return { dialogs, problems };
}

function* dialogsOf(message) {
  if (message.channelType !== undefined) {
    yield [message, 'dialog', null];
    return;
  }
  if (message.type !== undefined && message.body !== undefined && message.type !== CHANGES) return;
  const body = message.body ?? message;
  const changes = Array.isArray(body.changes) ? body.changes : [{ result: body }];
  for (const [at, change] of changes.entries()) {
    const result = change?.result ?? {};
    const details = result.conversationDetails ?? result;
    const list = Array.isArray(details.dialogs) ? details.dialogs : [];
    for (const [index, dialog] of list.entries()) yield [dialog, `changes[${at}].dialogs[${index}]`, details];
  }
}

function readDialog(dialog, place, details, problems) {
  const data = isObject(dialog.metaData) ? dialog.metaData : {};
  const wrong = (name, expected) => problems.push(`${place}.${name}: expected ${expected}`);
  // A dialog that is over is over, whatever was said of it last.
  const state = dialog.state === 'CLOSE' || dialog.state === 'CLOSED' ? 'CLOSED' : data.sessionState;
  if (!STATES.includes(state)) return wrong('metaData.sessionState', `${STATES.join(', ')}, found ${show(state)}`), null;
  const dialogId = typeof dialog.dialogId === 'string' ? dialog.dialogId : null;
  const serviceId = typeof data.serviceId === 'string' && data.serviceId ? data.serviceId : null;
  if (state === 'INVITED' && !serviceId) return wrong('metaData.serviceId', `a text, found ${show(data.serviceId)}`), null;
  if (!serviceId && !dialogId) return wrong('dialogId', `a text, found ${show(dialog.dialogId)}`), null;
  const read = { state, dialogId, serviceId, mode: null, expires: null, created: null, ...agentOf(dialog, serviceId, details) };
  if (data.mode !== undefined) {
    // The least is allowed of what is not understood.
    if (MODES.includes(data.mode)) read.mode = data.mode;
    else wrong('metaData.mode', `${MODES.join(', ')}, found ${show(data.mode)}`);
  }
  if (data.expires !== undefined) {
    const seconds = typeof data.expires === 'string' && data.expires.trim() ? Number(data.expires) : data.expires;
    if (Number.isFinite(seconds)) read.expires = seconds * 1000;
    else wrong('metaData.expires', `seconds since 1970, found ${show(data.expires)}`);
  }
  if (Number.isFinite(dialog.creationTs)) read.created = dialog.creationTs;
  return read;
}

// Who invites. The conversation says which of its participants is the agent; a dialog by itself does not: there it is the one
// who is not named in the service id, which begins with the consumer's.
function agentOf(dialog, serviceId, details) {
  const told = [...(Array.isArray(dialog.participantsDetails) ? dialog.participantsDetails : []), ...(Array.isArray(details?.participants) ? details.participants : [])];
  const agent = told.find((participant) => participant?.role === AGENT);
  if (typeof agent?.id === 'string') return { agentId: agent.id, isAgentInferred: false };
  const others = (Array.isArray(dialog.participants) ? dialog.participants : []).filter((id) => typeof id === 'string' && !serviceId?.startsWith(id));
  return others.length === 1 && serviceId ? { agentId: others[0], isAgentInferred: true } : { agentId: null, isAgentInferred: false };
}

// What keeps a request to LivePerson's `initConnection` from allowing co-browsing, each with its place; nothing when it does.
export function checkInitConnection(request) {
  let value;
  try {
    value = parse(request, 'initConnection');
  } catch (error) {
    return [error.message.replace('cobrowse: ', '')];
  }
  const problems = [];
  if (value.type !== 'InitConnection') problems.push(`type: expected "InitConnection", found ${show(value.type)}`);
  if (!Array.isArray(value.headers)) return [...problems, `headers: expected a list, found ${show(value.headers)}`];
  const at = value.headers.findIndex((header) => header?.type === '.ams.headers.ClientProperties');
  if (at < 0) return [...problems, 'headers: expected one of type ".ams.headers.ClientProperties"'];
  const { features } = value.headers[at];
  if (!Array.isArray(features)) problems.push(`headers[${at}].features: expected a list with "CO_BROWSE", found ${show(features)}`);
  else if (!features.includes('CO_BROWSE')) problems.push(`headers[${at}].features: expected "CO_BROWSE" in it, found ${show(features)}`);
  return problems;
}
