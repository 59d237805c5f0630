// Keeps what an OpenID provider has to remember, in memory and without a limit: the one that comes with
// oidc-provider forgets the oldest of a thousand records.

const rows = new Map();
const family = new Map();

export class Records {
  constructor(kind) {
    this.kind = kind;
  }

  async upsert(id, row, seconds) {
    const key = `${this.kind} ${id}`;
    rows.set(key, { row, until: seconds ? Date.now() + 1000 * seconds : Infinity });
    if (row.grantId) family.set(row.grantId, [...(family.get(row.grantId) ?? []), key]);
  }

  async find(id) {
    const found = rows.get(`${this.kind} ${id}`);
    return found && found.until > Date.now() ? found.row : undefined;
  }

  async findByUid(uid) {
    return this.#first((row) => row.uid === uid);
  }

  async findByUserCode(userCode) {
    return this.#first((row) => row.userCode === userCode);
  }

  async consume(id) {
    (await this.find(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    rows.delete(`${this.kind} ${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const key of family.get(grantId) ?? []) rows.delete(key);
    family.delete(grantId);
  }

  #first(matches) {
    for (const [key, { row, until }] of rows) {
      if (key.startsWith(`${this.kind} `) && until > Date.now() && matches(row)) return row;
    }
    return undefined;
  }
}
