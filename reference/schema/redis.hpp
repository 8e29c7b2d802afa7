// The Lua scripts of schema/redis, put into the program when it is built: each with what it needs
// before it.
#pragma once

namespace reference::schema {

const char* redis_apply();
const char* redis_sweep();
const char* redis_look();
const char* redis_orphans();
const char* redis_uploads();

}  // namespace reference::schema
