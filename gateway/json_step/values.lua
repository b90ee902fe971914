-- Scalars: whether a JSON token fits a field's kind. A token is JSON text; `text` is what stands between quotes.

local function whole(text, digits, low, high)
  local sign, figures = text:match("^(%-?)(%d+)$")
  if not figures then return false end
  figures = figures:gsub("^0+(%d)", "%1")
  if #figures ~= digits then return #figures < digits end
  return figures <= (sign == "-" and low or high)
end

local MONTH_DAYS = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

-- RFC 3339, as protobuf's JSON form wants it.
local function timestamp(text)
  local year, month, day, hour, minute, second, rest =
    text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)(.*)$")
  if not year then return false end
  local offset = rest:match("^%.%d+(.*)$") or rest
  local fraction = rest:match("^%.(%d+)") or ""
  local hours, minutes = offset:match("^[+-](%d%d):(%d%d)$")
  if offset ~= "Z" and not (hours and hours + 0 < 24 and minutes + 0 < 60) then return false end
  year, month, day = year + 0, month + 0, day + 0
  if year < 1 or month < 1 or month > 12 or #fraction > 9 then return false end
  local leap = month == 2 and year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  if day < 1 or day > MONTH_DAYS[month] + (leap and 1 or 0) then return false end
  return hour + 0 < 24 and minute + 0 < 60 and second + 0 < 60
end

local INTEGERS = {
  int32 = function(text) return whole(text, 10, "2147483648", "2147483647") end,
  int64 = function(text) return whole(text, 19, "9223372036854775808", "9223372036854775807") end,
  uint32 = function(text) return whole(text, 10, "0", "4294967295") and text:sub(1, 1) ~= "-" end,
  uint64 = function(text) return whole(text, 20, "0", "18446744073709551615") and text:sub(1, 1) ~= "-" end,
}

local TEXTS = {
  string = function() return true end,
  bytes = function(text) return text:find("^[A-Za-z0-9+/_-]*=?=?$") ~= nil end,
  timestamp = timestamp,
  duration = function(text) return text:find("^%-?%d+s$") ~= nil or text:find("^%-?%d+%.%d%d?%d?%d?%d?%d?%d?%d?%d?s$") ~= nil end,
}

-- The rule that a scalar breaks, or nil. `quoted`: the token was a JSON string (or came from the query).
local function broken_rule(field, token, quoted)
  local kind = field.kind
  if kind == "enum" then
    if not quoted then return "wrong_type" end
    return not field.names[token] and "unknown_enum" or nil
  elseif INTEGERS[kind] then
    return not INTEGERS[kind](token) and "wrong_type" or nil
  elseif kind == "bool" then
    local bare = not quoted or quoted == "query"
    return not (bare and (token == "true" or token == "false")) and "wrong_type" or nil
  elseif kind == "double" then
    return not tonumber(token) and "wrong_type" or nil
  elseif TEXTS[kind] then
    return not (quoted and TEXTS[kind](token)) and "wrong_type" or nil
  end
  return "wrong_type"
end
