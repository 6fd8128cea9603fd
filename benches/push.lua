-- Rows of civil affairs, each of another person, as benches/src/rows.rs makes them.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end
local batch = tonumber(os.getenv("BATCH"))
local weights = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 }
local checks = "10X98765432"
local given = { "安", "博", "昌", "达", "恩", "芳", "刚", "海", "继", "佳", "凯", "兰", "明", "宁", "平", "清", "荣", "书", "天", "文" }
local function row(person)
  local digits = string.format("110101%04d%02d%02d%03d", 1930 + math.floor(person / 336) % 70, math.floor(person / 28) % 12 + 1,
    person % 28 + 1, math.floor(person / 23520) % 900 + 100)
  local sum = 0
  for at = 1, 17 do sum = sum + tonumber(digits:sub(at, at)) * weights[at] end
  local check = checks:sub(sum % 11 + 1, sum % 11 + 1)
  return string.format('{"身份证号":"%s%s","姓名":"司马%s%s","联系方式":"139%08d","户主":"","与户主关系":"户主","残疾类别":"","是否独居":"否"}',
    digits, check, given[person % 20 + 1], given[math.floor(person / 20) % 20 + 1], person)
end
local next_row = 0
function init()
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("YIBIAO_TOKEN")
  wrk.headers["Content-Type"] = batch == 1 and "application/json" or "application/x-ndjson"
  next_row = number * 10000000
end
function request()
  local rows = {}
  for _ = 1, batch do
    rows[#rows + 1] = row(next_row)
    next_row = next_row + 1
  end
  return wrk.format(nil, nil, nil, table.concat(rows, "\n"))
end
function done(summary)
  print("answers other than 2xx and 3xx: " .. summary.errors.status)
end
