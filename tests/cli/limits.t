# Limits of entries: every form, what it counts, and the way back to nothing.
@include router.part
Router(config-if)#exit
Router(config)#access-list 1 permit 10.0.0.0 0.0.0.255
Router(config)#ip nat inside source list 1 interface eth1 overload
Router(config)#ip nat translation max-entries 1000
Router(config)#ip nat translation max-entries all-host 100
Router(config)#ip nat translation max-entries host 10.0.0.9 50
Router(config)#ip nat translation max-entries host 10.0.0.5 7
Router(config)#ip nat translation max-entries host 10.0.0.9 60
Router(config)#ip nat translation max-entries list GUESTS 500
Router(config)#ip nat translation max-entries list 1 1
Router(config)#do show running-config | include max-entries
ip nat translation max-entries 1000
ip nat translation max-entries all-host 100
ip nat translation max-entries host 10.0.0.5 7
ip nat translation max-entries host 10.0.0.9 60
ip nat translation max-entries list GUESTS 500
ip nat translation max-entries list 1 1
@packet
Router(config)#do show ip nat limits all-host
Host            Max Entries Use Count  Miss Count
-------------------------------------------------

10.0.0.5        7           0          0
10.0.0.9        60          0          0
10.0.0.100      100         1          0

Total number of limit entries: 3
Router(config)#do show ip nat statistics | section nat-limit
nat-limit statistics:
 max entry: max allowed 1000, used 1, missed 0
 access-list GUESTS: max allowed 500, used 0, missed 0
 access-list 1: max allowed 1, used 1, missed 0
 host 10.0.0.5: max allowed 7, used 0, missed 0
 host 10.0.0.9: max allowed 60, used 0, missed 0
 all-host: max allowed 100, used 1, missed 0
Router(config)#do show ip nat translations total
Total number of translations: 1
Router(config)#ip access-list standard GUESTS
Router(config-std-nacl)#permit 10.0.0.0 0.0.0.255
Router(config-std-nacl)#exit
# counted for a list that came later, from the next packet on
@packet
Router(config)#do show ip nat statistics | include access-list
[Id: 1] access-list 1 interface GigabitEthernet0/1 refcount 1
 access-list GUESTS: max allowed 500, used 1, missed 0
 access-list 1: max allowed 1, used 1, missed 0
# the flow went, and with it all counts
Router(config)#do clear ip nat translation *
Router(config)#do show ip nat limits all-host
Host            Max Entries Use Count  Miss Count
-------------------------------------------------

10.0.0.5        7           0          0
10.0.0.9        60          0          0

Total number of limit entries: 2
Router(config)#do show ip nat statistics | include access-list
[Id: 1] access-list 1 interface GigabitEthernet0/1 refcount 0
 access-list GUESTS: max allowed 500, used 0, missed 0
 access-list 1: max allowed 1, used 0, missed 0
# and away
Router(config)#no ip nat translation max-entries host 10.0.0.9 60
Router(config)#no ip nat translation max-entries host 10.0.0.5
Router(config)#no ip nat translation max-entries list 1
Router(config)#no ip nat translation max-entries list GUESTS 500
Router(config)#no ip nat translation max-entries all-host
Router(config)#do show running-config | include max-entries
ip nat translation max-entries 1000
Router(config)#no ip nat translation max-entries
Router(config)#do show running-config | include max-entries
# refusals
Router(config)#ip nat translation max-entries host 224.0.0.1 5
% Invalid local address 224.0.0.1
Router(config)#ip nat translation max-entries list _bad 5
% Invalid access list name.
Router(config)#ip nat translation max-entries all-vrf 5
                                                  ^
% Invalid input detected at '^' marker.

Router(config)#ip nat translation max-entries vrf X 5
                                              ^
% Invalid input detected at '^' marker.

Router(config)#ip nat translation max-entries all-host 0
                                                       ^
% Invalid input detected at '^' marker.

Router(config)#ip nat translation max-entries list 1
% Incomplete command.

Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#show ip nat limits
% Incomplete command.

Router#show ip nat limits all-vrf
                              ^
% Invalid input detected at '^' marker.

